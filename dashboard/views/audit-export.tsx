import { useState } from 'preact/hooks'
import { ask, Refused, readAll } from '../api.ts'
import { useShared } from '../context.ts'
import { Failed } from '../ui/basics.tsx'

const MOST = 20_000

/** Saves all rows of the present filter, page after page, as a file. */
export function Exports({ path, name }: { readonly path: string; readonly name: string }) {
  const { say } = useShared()
  const [isBusy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Refused | null>(null)
  const run = async (ending: 'csv' | 'json') => {
    setBusy(true)
    setRefused(null)
    try {
      const text = ending === 'csv' ? await csvOf(path) : JSON.stringify(await readAll(withLimit(path), MOST), null, 2)
      save(`${name}.${ending}`, text, ending === 'csv' ? 'text/csv' : 'application/json')
      say(`Saved ${name}.${ending}`)
    } catch (error) {
      setRefused(error instanceof Refused ? error : new Refused(0, 'The file could not be made.'))
    }
    setBusy(false)
  }
  return (
    <div class="exports">
      <button type="button" class="button" disabled={isBusy} onClick={() => void run('csv')}>
        Export CSV
      </button>
      <button type="button" class="button" disabled={isBusy} onClick={() => void run('json')}>
        Export JSON
      </button>
      <button type="button" class="button quiet" onClick={() => print()}>
        Print
      </button>
      {isBusy ? <span class="muted">Collecting all pages …</span> : null}
      {refused === null ? null : <Failed refused={refused} />}
    </div>
  )
}

function withLimit(path: string): string {
  return path.replace(/limit=\d+/, 'limit=100')
}

/** All pages as one CSV; the line with the names of the columns stands once. */
async function csvOf(path: string): Promise<string> {
  const parts: string[] = []
  for (let next: string | null = `${withLimit(path)}&format=csv`; next !== null && parts.length < MOST / 100; ) {
    const response: Response = await ask(next)
    const text = await response.text()
    parts.push(parts.length === 0 ? text : text.slice(text.indexOf('\r\n') + 2))
    next = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1] ?? null
  }
  return parts.join('')
}

function save(name: string, text: string, type: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
