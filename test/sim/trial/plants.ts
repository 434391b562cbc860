import type { Plant } from '../../../sim/trial/live.ts'

/** Bugs that can be planted between the engine and its sockets, by name; each is one that a tired person could write. */
export const PLANTS: Readonly<Record<string, Plant>> = {
  'one percent more': (sockets) => ({
    ...sockets,
    apps: {
      ...sockets.apps,
      perform: (target, action, urgent) => {
        if (action.kind !== 'set-traffic') return sockets.apps.perform(target, action, urgent)
        const [most] = [...action.traffic].sort((a, b) => b.weight - a.weight)
        const least = action.traffic.find((entry) => entry !== most)
        const traffic = action.traffic.map((entry) => {
          const more = entry === least ? 1 : 0
          return { ...entry, weight: entry.weight + (entry === most && least !== undefined ? -1 : more) }
        })
        return sockets.apps.perform(target, { ...action, traffic }, urgent)
      },
    },
  }),
  'a bake of half the time': (sockets) => ({
    ...sockets,
    store: {
      ...sockets.store,
      load: async (environment, names) => {
        const loaded = await sockets.store.load(environment, names)
        return loaded.map((one) => {
          if (one.rollout === null) return one
          const { manifest } = one.rollout
          const stages = manifest.stages.map((stage) => ({ ...stage, bakeMs: stage.bakeMs / 2 }))
          return { ...one, rollout: { ...one.rollout, manifest: { ...manifest, stages } } }
        })
      },
    },
  }),
  'an audit row left out': (sockets) => ({
    ...sockets,
    store: {
      ...sockets.store,
      commit: (change) =>
        sockets.store.commit({ ...change, audit: change.audit.length > 1 ? change.audit.slice(1) : change.audit }),
    },
  }),
  'an audit row altered': (sockets) => ({
    ...sockets,
    store: {
      ...sockets.store,
      commit: (change) =>
        sockets.store.commit({ ...change, audit: change.audit.map((row) => ({ ...row, because: 'all is well' })) }),
    },
  }),
  'the stable revision switched off': (sockets) => ({
    ...sockets,
    apps: {
      ...sockets.apps,
      perform: async (target, action, urgent) => {
        if (action.kind !== 'deactivate') return sockets.apps.perform(target, action, urgent)
        const [observed] = await sockets.apps.observe([target])
        const traffic = observed?.kind === 'seen' ? observed.app.traffic : []
        const [serving] = [...traffic].sort((a, b) => b.weight - a.weight)
        const revision =
          serving && 'revision' in serving && serving.revision !== null ? serving.revision : action.revision
        return sockets.apps.perform(target, { ...action, revision }, urgent)
      },
    },
  }),
}
