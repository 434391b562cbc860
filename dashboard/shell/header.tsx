import { useEffect, useState } from 'preact/hooks'
import { PATHS, send } from '../api.ts'
import { useShared } from '../context.ts'
import { useNow } from '../hooks.ts'
import { clock, duration } from '../model/format.ts'
import { ROLE_WORDS, roleOf } from '../model/rights.ts'
import type { Route } from '../model/route.ts'
import { nextTheme, showTheme, type Theme, theme } from '../prefs.ts'
import { Logo } from './logo.tsx'

const VIEWS = [
  { view: 'fleet', href: '#/', word: 'Fleet' },
  { view: 'approvals', href: '#/approvals', word: 'Approvals' },
  { view: 'freezes', href: '#/freezes', word: 'Freezes' },
  { view: 'audit', href: '#/audit', word: 'Audit' },
  { view: 'delivery', href: '#/delivery', word: 'Delivery' },
  { view: 'quarantine', href: '#/quarantine', word: 'Quarantine' },
] as const

/** Name, views, freshness, theme and person: the same on every view. */
export function Header({ route, onHelp }: { readonly route: Route; readonly onHelp: () => void }) {
  const { fleet } = useShared()
  const waiting = (fleet.value?.items ?? []).filter(({ gate }) => gate !== null).length
  const present = route.view === 'service' ? 'fleet' : route.view
  return (
    <header class="top">
      <div class="top-in">
        <a class="brand" href="#/" aria-label="Slipway, to the fleet">
          <Logo />
          <span aria-hidden="true">Slipway</span>
        </a>
        <nav aria-label="Views">
          <ul class="views">
            {VIEWS.map(({ view, href, word }) => (
              <li>
                <a href={href} {...(view === present ? { 'aria-current': 'page' as const } : {})}>
                  {word}
                  {view === 'approvals' && waiting > 0 ? (
                    <span class="number">
                      {waiting}
                      <span class="hidden"> waiting</span>
                    </span>
                  ) : null}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="top-right">
          <Freshness />
          <ThemeButton />
          <button
            type="button"
            class="icon-button"
            onClick={onHelp}
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
          >
            ?
          </button>
          <Person />
        </div>
      </div>
    </header>
  )
}

/** Whether what is shown is fresh, and since when not. */
function Freshness() {
  const { fleet } = useShared()
  const now = useNow(1000)
  const { trouble, confirmedAt, isPaused } = fleet
  if (trouble !== null) {
    const since = confirmedAt ?? trouble.since
    const word = trouble.refused.status === 0 ? 'Offline' : 'Stale'
    return (
      <span class="fresh bad" role="status" title={trouble.refused.message}>
        <span class="dot" aria-hidden="true" />
        {word}
        <span class="fresh-more"> since {clock(since, now)}, trying again</span>
      </span>
    )
  }
  if (confirmedAt === null) return <span class="fresh">Connecting</span>
  const age = now - confirmedAt
  return (
    <span class="fresh good" title={`Last confirmed ${duration(age)} ago`}>
      <span class="dot" aria-hidden="true" />
      {isPaused ? 'Paused' : 'Live'}
    </span>
  )
}

const THEME_WORDS: Readonly<Record<Theme, { readonly glyph: string; readonly word: string }>> = {
  auto: { glyph: '◐', word: 'automatic' },
  light: { glyph: '☀', word: 'light' },
  dark: { glyph: '☾', word: 'dark' },
}

function ThemeButton() {
  const [chosen, setChosen] = useState(theme)
  useEffect(() => {
    const onTheme = () => setChosen(theme())
    addEventListener('slipway-theme', onTheme)
    return () => removeEventListener('slipway-theme', onTheme)
  }, [])
  const { glyph, word } = THEME_WORDS[chosen]
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Theme: ${word}. Change`}
      title={`Theme: ${word} (t)`}
      onClick={() => showTheme(nextTheme(chosen))}
    >
      {glyph}
    </button>
  )
}

function Person() {
  const { me } = useShared()
  if (me === null) return null
  const role = roleOf(me)
  const words = role === null ? { name: 'No role', may: 'may see nothing here' } : ROLE_WORDS[role]
  return (
    <details class="person">
      <summary>
        <span class="hidden">Signed in as </span>
        <span class="avatar" aria-hidden="true">
          {me.name.slice(0, 1).toUpperCase()}
        </span>
        <span class="person-words">
          <span class="person-name">{me.name}</span>
          <span class="person-role">{words.name}</span>
        </span>
      </summary>
      <div class="person-card">
        <p>
          <strong class="free">{me.name}</strong>
        </p>
        <ul class="grants">
          {me.grants.map((grant) => (
            <li>
              <strong>{ROLE_WORDS[grant.role].name}</strong> {ROLE_WORDS[grant.role].may}
              <br />
              <span class="muted">{reach(grant)}</span>
            </li>
          ))}
        </ul>
        <button type="button" class="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </div>
    </details>
  )
}

function reach({
  environments,
  services,
}: {
  environments: readonly string[] | null
  services: readonly string[] | null
}): string {
  const where = environments === null ? 'in all environments' : `in ${environments.join(', ')}`
  return services === null ? `${where}, for all services` : `${where}, for ${services.join(', ')}`
}

async function signOut(): Promise<void> {
  await send('POST', PATHS.signOut).catch(() => null)
  location.reload()
}
