import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

/** Keeps what an OpenID provider remembers in the memory of this process, and forgets it when its time is over. */
export function memoryStore(now: () => number): AdapterFactory {
  const kept = new Map<string, { payload: AdapterPayload; readonly until: number }>()
  const find = (key: string): AdapterPayload | undefined => {
    const found = kept.get(key)
    if (found !== undefined && found.until > now()) return found.payload
    kept.delete(key)
    return undefined
  }
  const findBy = (model: string, field: 'uid' | 'userCode', value: string) =>
    [...kept.keys()]
      .filter((key) => key.startsWith(`${model}:`))
      .map(find)
      .find((each) => each?.[field] === value)
  return (model): Adapter => ({
    upsert: async (id, payload, expiresIn) => {
      const until = expiresIn === undefined ? Number.POSITIVE_INFINITY : now() + expiresIn * 1000
      kept.set(`${model}:${id}`, { payload, until })
    },
    find: async (id) => find(`${model}:${id}`),
    findByUid: async (uid) => findBy(model, 'uid', uid),
    findByUserCode: async (code) => findBy(model, 'userCode', code),
    consume: async (id) => {
      const payload = find(`${model}:${id}`)
      if (payload !== undefined) payload.consumed = Math.floor(now() / 1000)
    },
    destroy: async (id) => void kept.delete(`${model}:${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [key, { payload }] of kept) if (payload.grantId === grantId) kept.delete(key)
    },
  })
}
