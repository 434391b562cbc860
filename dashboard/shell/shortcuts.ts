import { useEffect } from 'preact/hooks'
import { hasShortcuts, nextTheme, showTheme, theme } from '../prefs.ts'

/** Every shortcut, as the help shows it. */
export const SHORTCUTS: readonly { readonly keys: string; readonly does: string }[] = [
  { keys: 'g f', does: 'Fleet' },
  { keys: 'g p', does: 'Approvals' },
  { keys: 'g z', does: 'Freezes' },
  { keys: 'g a', does: 'Audit' },
  { keys: 'g d', does: 'Delivery' },
  { keys: '/', does: 'Search in this view' },
  { keys: 'x', does: 'Abort this rollout (asks first)' },
  { keys: 't', does: 'Theme: automatic, light, dark' },
  { keys: '?', does: 'This list' },
  { keys: 'Esc', does: 'Close a dialog' },
]

const PLACES: Readonly<Record<string, string>> = {
  f: '#/',
  p: '#/approvals',
  z: '#/freezes',
  a: '#/audit',
  d: '#/delivery',
}

/** Listens to the shortcuts: never while somebody writes, never with a modifier, never over an open dialog. */
export function useShortcuts(onHelp: () => void): void {
  useEffect(() => {
    let wentFrom = 0
    const onKey = (event: KeyboardEvent) => {
      if (!isMeant(event)) return
      const place = PLACES[event.key]
      const isSecond = event.timeStamp - wentFrom < 1500
      wentFrom = event.key === 'g' ? event.timeStamp : 0
      if (isSecond && place !== undefined) location.hash = place
      else if (event.key === '?') onHelp()
      else if (event.key === 't') showTheme(nextTheme(theme()))
      else if (event.key === '/') focusOn('[data-search]')
      else if (event.key === 'x') document.querySelector<HTMLElement>('[data-verb="abort"]')?.click()
      else return
      event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

function isMeant(event: KeyboardEvent): boolean {
  const { target } = event
  const isWriting = target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
  const hasModifier = event.ctrlKey || event.metaKey || event.altKey
  return hasShortcuts() && !isWriting && !hasModifier && document.querySelector('dialog[open]') === null
}

function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus()
}
