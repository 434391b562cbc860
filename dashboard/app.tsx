import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Me } from '../lib/api.ts'
import { onStranger, PATHS } from './api.ts'
import { type Asked, type Shared, SharedContext } from './context.ts'
import { useFleet, useRead, useRoute } from './hooks.ts'
import type { Route } from './model/route.ts'
import { Announcer, useAnnouncements } from './shell/announce.tsx'
import { CommandDialog } from './shell/command.tsx'
import { Header } from './shell/header.tsx'
import { Help } from './shell/help.tsx'
import { useShortcuts } from './shell/shortcuts.ts'
import { SignIn } from './shell/sign-in.tsx'
import { Approvals } from './views/approvals.tsx'
import { Audit } from './views/audit.tsx'
import { Delivery } from './views/delivery.tsx'
import { Fleet } from './views/fleet.tsx'
import { Freezes } from './views/freezes.tsx'
import { Quarantine } from './views/quarantine.tsx'
import { Service } from './views/service.tsx'
import { Unknown } from './views/unknown.tsx'

/** The whole page: who is signed in, where they are, and what they are asked. Nothing else is asked before it is known who asks. */
export function App() {
  const [isStranger, setStranger] = useState(false)
  useEffect(() => onStranger(() => setStranger(true)), [])
  const { value: me, refused } = useRead<Me>(PATHS.me)
  if (isStranger) return <SignIn hasEnded={me !== null} />
  return me === null && refused === null ? null : <SignedIn me={me} />
}

function SignedIn({ me }: { readonly me: Me | null }) {
  const route = useRoute()
  const fleet = useFleet()
  const [asked, setAsked] = useState<Asked | null>(null)
  const [isHelp, setHelp] = useState(false)
  const { said, say } = useAnnouncements(fleet)
  const command = useCallback((next: Asked) => setAsked(next), [])
  useShortcuts(() => setHelp(true))
  const shared: Shared = { me, fleet, command, say }
  return (
    <SharedContext.Provider value={shared}>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        Skip to the content
      </a>
      <Header route={route} onHelp={() => setHelp(true)} />
      <Main route={route} />
      <Announcer said={said} />
      {asked === null ? null : <CommandDialog asked={asked} onClose={() => setAsked(null)} />}
      {isHelp ? <Help onClose={() => setHelp(false)} /> : null}
    </SharedContext.Provider>
  )
}

/** What says that the reader went somewhere else, and not only looked at the same otherwise. */
function placeOf(route: Route): string {
  return route.view === 'service' ? `${route.environment}/${route.service}/${route.number ?? ''}` : route.view
}

function Main({ route }: { readonly route: Route }) {
  const main = useRef<HTMLElement>(null)
  const place = placeOf(route)
  const isFirst = useRef(true)
  useEffect(() => {
    if (!isFirst.current) main.current?.focus()
    isFirst.current = false
    scrollTo(0, 0)
    document.title = route.view === 'service' ? `${route.service} · Slipway` : `${titleOf(route.view)} · Slipway`
  }, [place])
  return (
    <main id="main" ref={main} tabIndex={-1}>
      <View key={place} route={route} />
    </main>
  )
}

function titleOf(view: string): string {
  return view.charAt(0).toUpperCase() + view.slice(1)
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'fleet':
      return <Fleet route={route} />
    case 'service':
      return <Service route={route} />
    case 'approvals':
      return <Approvals />
    case 'freezes':
      return <Freezes />
    case 'audit':
      return <Audit route={route} />
    case 'delivery':
      return <Delivery route={route} />
    case 'quarantine':
      return <Quarantine />
    case 'unknown':
      return <Unknown path={route.path} />
  }
}
