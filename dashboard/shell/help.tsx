import { useState } from 'preact/hooks'
import { hasShortcuts, setShortcuts } from '../prefs.ts'
import { Dialog } from '../ui/dialog.tsx'
import { SHORTCUTS } from './shortcuts.ts'

/** The list of shortcuts, and the switch for those whom they disturb. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  const [isOn, setOn] = useState(hasShortcuts)
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="keys">
        {SHORTCUTS.map(({ keys, does }) => (
          <div>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={isOn}
          onChange={(event) => {
            setShortcuts(event.currentTarget.checked)
            setOn(event.currentTarget.checked)
          }}
        />
        Single keys are shortcuts
      </label>
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose} data-first>
          Close
        </button>
      </div>
    </Dialog>
  )
}
