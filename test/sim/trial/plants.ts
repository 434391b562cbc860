import { hashedText } from '../../../lib/core/chain.ts'
import type { Plant } from '../../../sim/trial/live.ts'
import { PLANTED } from '../../../sim/trial/planted-secrets.ts'

const HALF_A_DAY_MS = 43_200_000

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
  'a look that is remembered': (sockets) => {
    const seen = new Map<string, Awaited<ReturnType<typeof sockets.apps.observe>>[number]>()
    return {
      ...sockets,
      apps: {
        ...sockets.apps,
        observe: async (targets, urgent) => {
          const fresh = targets.filter(({ app }) => !seen.has(app))
          const found = fresh.length === 0 ? [] : await sockets.apps.observe(fresh, urgent)
          for (const [index, one] of found.entries()) seen.set(fresh[index]?.app ?? '', one)
          return targets.flatMap(({ app }) => seen.get(app) ?? [])
        },
      },
    }
  },
  'an event that is not remembered': (sockets) => ({
    ...sockets,
    store: {
      ...sockets.store,
      load: async (environment, names) => {
        const loaded = await sockets.store.load(environment, names)
        return loaded.map((one) => ({ ...one, service: { ...one.service, handled: [] } }))
      },
    },
  }),
  'a notice that is ticked off late': (sockets) => {
    const told = new Set<string>()
    return {
      ...sockets,
      outbox: {
        ...sockets.outbox,
        delivered: async (parcel, thread) => {
          if (told.has(parcel.notice.id)) await sockets.outbox.delivered(parcel, thread)
          told.add(parcel.notice.id)
        },
      },
    }
  },
  'eyes shut to labels, mode and sessions': (sockets) => ({
    ...sockets,
    apps: {
      ...sockets.apps,
      observe: async (targets, urgent) => {
        const seen = await sockets.apps.observe(targets, urgent)
        return seen.map((one) => {
          if (one.kind !== 'seen') return one
          const traffic = one.app.traffic.map((entry) => ({ ...entry, label: null }))
          return { ...one, app: { ...one.app, mode: 'Multiple', stickySessions: false, traffic } }
        })
      },
    },
  }),
  'one name for another': (sockets) => ({
    ...sockets,
    store: {
      ...sockets.store,
      commit: (change) => {
        let previousHash = change.audit[0]?.previousHash ?? ''
        const audit = change.audit.map((row) => {
          const { hash: _, ...said } = row
          const told = { ...said, previousHash, actor: row.actor === 'olga' ? 'vera' : row.actor }
          previousHash = sockets.digest(hashedText(told))
          return { ...told, hash: previousHash }
        })
        const { service } = change
        if (service === undefined) return sockets.store.commit(change)
        const chain = audit.length === 0 ? service.chain : { ...service.chain, hash: previousHash }
        return sockets.store.commit({ ...change, audit, service: { ...service, chain } })
      },
    },
  }),
  'one row that stops them all': (sockets) => ({
    ...sockets,
    store: {
      ...sockets.store,
      claim: async (environment, now, limit, except) => {
        const claimed = await sockets.store.claim(environment, now, limit, except)
        const loaded = await sockets.store.load(environment, claimed.names)
        return loaded.length < claimed.names.length ? { ...claimed, names: [] } : claimed
      },
    },
  }),
  'a refusal told whole': (sockets) => ({
    ...sockets,
    apps: {
      ...sockets.apps,
      observe: async (targets, urgent) => {
        const seen = await sockets.apps.observe(targets, urgent)
        return seen.map((one) => {
          if (one.kind !== 'unseen') return one
          const message = `${one.fault.message} (the request had Bearer ${PLANTED.armToken})`
          return { ...one, fault: { ...one.fault, message } }
        })
      },
    },
  }),
  'silence taken for health': (sockets) => ({
    ...sockets,
    metrics: {
      read: async (queries) => {
        const readings = await sockets.metrics.read(queries)
        return readings.map((reading, index) => {
          const query = queries[index]
          if (reading.kind !== 'missing' || query === undefined) return reading
          const buckets = []
          const total = query.arm === 'canary' ? 300 : 2_700
          for (let at = query.from; at < query.to; at += query.bucketMs)
            buckets.push({ at, bad: 0, total, value: null })
          return { id: query.id, kind: 'measured', buckets, quality: 'exact', query: '', note: null } as const
        })
      },
    },
  }),
  'a split that is written late, and deadlines of half a day': (sockets) => {
    const late = splitLate(sockets, 100)
    return {
      ...late,
      store: {
        ...late.store,
        load: async (environment, names) => {
          const loaded = await late.store.load(environment, names)
          return loaded.map((one) => {
            if (one.rollout === null) return one
            const { manifest } = one.rollout
            const deadlines = { ...manifest.deadlines, readyMs: HALF_A_DAY_MS, trafficMs: HALF_A_DAY_MS }
            return { ...one, rollout: { ...one.rollout, manifest: { ...manifest, deadlines } } }
          })
        },
      },
    }
  },
  'a split that is written late': (sockets) => splitLate(sockets, 50),
  'a rollback put off': (sockets) => {
    let puts = 0
    return {
      ...sockets,
      apps: {
        ...sockets.apps,
        perform: async (target, action, urgent) => {
          const isBack = urgent !== undefined && action.kind === 'set-traffic'
          if (isBack) puts += 1
          if (isBack && puts % 20 !== 0) return
          await sockets.apps.perform(target, action, urgent)
        },
      },
    }
  },
  'a due list read now and then': (sockets) => ({
    ...sockets,
    store: {
      ...sockets.store,
      claim: async (environment, now, limit, except) => {
        const claimed = await sockets.store.claim(environment, now, limit, except)
        return Math.floor(now / 60_000) % 7 === 0 ? claimed : { ...claimed, names: [] }
      },
    },
  }),
  'storage that is done without': (sockets) => {
    const { store, freezes } = sockets
    let known: Awaited<ReturnType<typeof store.load>> = []
    let frozen: Awaited<ReturnType<typeof freezes.freezesOf>> | null = null
    return {
      ...sockets,
      store: {
        ...store,
        claim: (environment, now, limit, except) =>
          store.claim(environment, now, limit, except).catch(() => {
            return {
              names: known.map(({ service }) => service.key.name).filter((name) => !except.has(name)),
              left: 0,
              othersUntil: null,
            }
          }),
        load: async (environment, names) => {
          known = await store.load(environment, names).catch(() => known)
          return known
        },
        commit: (change) => {
          const { service, rollout, judge } = change
          known = known.map((one) => ({
            ...one,
            service: service ?? one.service,
            rollout: rollout ?? one.rollout,
            judge: judge ?? one.judge,
          }))
          return store.commit(change).catch(() => 'saved' as const)
        },
      },
      freezes: {
        ...freezes,
        freezesOf: async (environment) => {
          const found = await freezes.freezesOf(environment).catch((error) => frozen ?? Promise.reject(error))
          frozen = found
          return found
        },
      },
    }
  },
  'the first records of an event taken for written': (sockets) => {
    const told = new Map<string, number>()
    return {
      ...sockets,
      events: {
        ...sockets.events,
        record: (records) => {
          for (const { id } of records) told.set(id, (told.get(id) ?? 0) + 1)
          return sockets.events.record(records.filter(({ id }) => (told.get(id) ?? 0) > 3))
        },
      },
    }
  },
  'what is put aside thrown away': (sockets) => ({
    ...sockets,
    events: {
      ...sockets.events,
      record: (records) => sockets.events.record(records.filter(({ outcome }) => outcome !== 'quarantined')),
    },
  }),
  'what was seen forgotten': (sockets) => ({
    ...sockets,
    store: {
      ...sockets.store,
      load: async (environment, names) => {
        const loaded = await sockets.store.load(environment, names)
        return loaded.map((one) =>
          one.rollout === null ? one : { ...one, rollout: { ...one.rollout, footprint: null } },
        )
      },
    },
  }),
  'what waits forgotten': (sockets) => ({
    ...sockets,
    store: {
      ...sockets.store,
      commit: (change) => {
        const { service } = change
        return sockets.store.commit(
          service === undefined ? change : { ...change, service: { ...service, pending: [] } },
        )
      },
    },
  }),
}

/** Takes the first `times` writes of weights for written. */
function splitLate(sockets: Parameters<Plant>[0], times: number): ReturnType<Plant> {
  let puts = 0
  return {
    ...sockets,
    apps: {
      ...sockets.apps,
      perform: async (target, action, urgent) => {
        if (action.kind === 'set-traffic') puts += 1
        if (action.kind === 'set-traffic' && puts < times) return
        await sockets.apps.perform(target, action, urgent)
      },
    },
  }
}
