import type { RolloutView, ServiceView } from '../../lib/api.ts'
import type { ServiceState } from '../../lib/core/service.ts'
import type { Call } from '../call.ts'
import { EXIT } from '../exit.ts'
import { createFrame } from '../frame.ts'
import { type Api, connect } from '../http.ts'
import type { Io } from '../io.ts'
import { changeOf, type Shown, statusLine, statusLines } from '../print-status.ts'
import { NO_RELEASES, type Releases, releasesOf } from '../releases.ts'
import { findTarget, rolloutOf, type Target } from '../target.ts'
import { watch } from '../watch.ts'
import { clean } from '../words.ts'

interface Options {
  readonly watch?: boolean
}

/** `slipway get`: a service or a rollout on one screen; with `--watch` it renews itself. */
export async function run({ io, options, args }: Call<Options>): Promise<number> {
  const api = connect(io, options)
  const target = await findTarget(api, args[0] ?? '', options.environment)
  const isPast = target.rollout !== null && target.rollout.id !== target.view.rollout
  const place = options.environment === undefined ? '' : ` -e ${options.environment}`
  if (isPast) return showPast(io, api, target, options.json === true)
  if (options.watch === true) return follow(io, api, target, { isJson: options.json === true, place })
  if (options.json === true) io.write(JSON.stringify(target.view))
  else {
    const shown = { view: target.view, receivedAt: Date.now(), isPast: false, place }
    io.write(statusLines(io, { ...shown, releases: await releasesFor(api, target.view) }, Date.now()).join('\n'))
  }
  return EXIT.ok
}

/** A rollout that is no longer the newest: as it is stored. */
async function showPast(io: Io, api: Api, target: Target, isJson: boolean): Promise<number> {
  const rollout = await rolloutOf(api, target)
  if (isJson) {
    io.write(JSON.stringify(rollout))
    return EXIT.ok
  }
  const view = await pastView(rollout)
  const releases = { ...(await releasesFor(api, view)), rollout }
  io.write(statusLines(io, { view, releases, receivedAt: Date.now(), isPast: true, place: '' }, Date.now()).join('\n'))
  return EXIT.ok
}

/** A stored rollout in the words of a status, as the service itself would say it. */
async function pastView(rollout: RolloutView): Promise<ServiceView> {
  const { statusOf } = await import('../../lib/core/status.ts')
  const service = { key: rollout.key, pending: [], undo: null, manifestVersion: rollout.manifestVersion }
  const status = statusOf(service as unknown as ServiceState, { ...rollout, wakeAt: null }, Date.now(), null)
  return { ...status, commands: [], may: [], etag: rollout.etag }
}

/** What the rollouts tell of the revisions; nothing where they cannot be asked, for the screen is worth more without. */
async function releasesFor(api: Api, { service, environment, rollout }: ServiceView): Promise<Releases> {
  return releasesOf(api, service, environment, rollout).catch(() => NO_RELEASES)
}

interface Following {
  readonly isJson: boolean
  readonly place: string
}

/** Shows every change until Ctrl-C, or until the rollout that was named is over. */
async function follow(io: Io, api: Api, target: Target, { isJson, place }: Following): Promise<number> {
  const { service, view: first } = target
  const show = isJson ? jsonShower(io) : io.isTty ? screenShower(io, api) : lineShower(io)
  try {
    for await (const seen of watch(io, api, service, first.environment)) {
      if (seen.kind === 'silence') show.silence(seen.because, seen.since)
      else
        await show.view({ view: seen.view, receivedAt: seen.receivedAt, isPast: false, place, releases: NO_RELEASES })
      if (seen.kind === 'view' && target.rollout !== null && isOver(seen.view, target.rollout.id)) return EXIT.ok
    }
    return EXIT.interrupted
  } finally {
    show.close()
  }
}

function isOver(view: ServiceView, id: string): boolean {
  return view.rollout !== id || view.phase === 'finished'
}

interface Shower {
  view(shown: Shown): Promise<void> | void
  silence(because: string, since: number): void
  close(): void
}

/** One body of the API a line, whenever it changed. */
function jsonShower(io: Io): Shower {
  let last = ''
  return {
    view: ({ view }) => {
      const { nextInMs: _, ...lasting } = view
      const text = JSON.stringify(lasting)
      if (text !== last) io.write(JSON.stringify(view))
      last = text
    },
    silence: (because) => io.talk(`slipway: ${because}; trying again`),
    close: () => {},
  }
}

/** One line for a person whenever what stands in it changed. */
function lineShower(io: Io): Shower {
  let last = ''
  return {
    view: (shown) => {
      const news = changeOf(shown.view)
      if (news !== last) io.write(statusLine(shown))
      last = news
    },
    silence: (because) => io.talk(`slipway: ${because}; trying again`),
    close: () => {},
  }
}

/** The screen, drawn anew with every change and every second. */
function screenShower(io: Io, api: Api): Shower {
  const frame = createFrame(io)
  let shown: Shown | null = null
  let lost: string | null = null
  const draw = () => {
    if (shown === null) return
    const lines = statusLines(io, shown, Date.now())
    const isOver = shown.view.phase === 'finished' || shown.view.phase === 'idle'
    const foot = lost ?? (isOver ? null : 'Ctrl-C leaves; the rollout goes on.')
    frame.show(foot === null ? lines : [...lines, '', foot])
  }
  const ticking = setInterval(draw, 1000)
  process.stdout.on('resize', draw)
  return {
    view: async (now) => {
      const releases = await releasesFor(api, now.view)
      shown = { ...now, releases }
      lost = null
      draw()
    },
    silence: (because, since) => {
      lost = `! No answer for ${Math.round((Date.now() - since) / 1000)} s: ${clean(because, 200)} What stands above is old.`
      draw()
    },
    close: () => {
      clearInterval(ticking)
      process.stdout.off('resize', draw)
      frame.close()
    },
  }
}
