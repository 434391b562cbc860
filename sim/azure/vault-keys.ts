import { createECDH, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import type { Clock } from '../../lib/ports.ts'
import { json, type Reply } from './serve.ts'

/** One version of a key. */
interface Version {
  readonly id: string
  readonly privateKey: KeyObject
  readonly curve: 'P-256' | 'P-384'
  readonly createdS: number
  readonly enabled: boolean
}

/** The keys of a pretend Key Vault: they sign, and are given out by nobody. */
export interface VaultKeys {
  /** Adds a version, which becomes the current one; returns its id. */
  add(name: string, curve?: Version['curve']): string
  /** Switches a version on or off. */
  enable(name: string, id: string, enabled: boolean): void
  /** Answers a request below `/keys/`; null = nothing is served there. */
  answer(method: string, url: URL, body: string): Reply | null
}

const NODE_CURVES = { 'P-256': 'prime256v1', 'P-384': 'secp384r1' } as const

/** Serves `GET /keys/{name}/versions`, `GET /keys/{name}/{version}` and `POST …/sign`, as Key Vault's REST API describes them. */
export function createVaultKeys(clock: Clock, home: () => string, pageSize = 25): VaultKeys {
  const keys = new Map<string, readonly Version[]>()
  const find = (name: string, id: string) =>
    id === '' ? keys.get(name)?.at(-1) : keys.get(name)?.find((version) => version.id === id)
  return {
    add: (name, curve = 'P-256') => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: NODE_CURVES[curve] })
      const id = randomBytes(16).toString('hex')
      const version = { id, privateKey, curve, createdS: Math.floor(clock.now() / 1000), enabled: true }
      keys.set(name, [...(keys.get(name) ?? []), version])
      return id
    },
    enable: (name, id, enabled) => {
      const versions = keys.get(name) ?? []
      keys.set(
        name,
        versions.map((version) => (version.id === id ? { ...version, enabled } : version)),
      )
    },
    answer: (method, url, body) => {
      const [name = '', id = '', verb = '', ...more] = url.pathname.split('/').slice(2)
      if (name === '' || more.length > 0) return null
      if (method === 'GET' && id === 'versions' && verb === '')
        return listed(home(), name, keys.get(name) ?? [], url, pageSize)
      const version = find(name, id)
      if (version === undefined) return refuse(404, 'KeyNotFound', `A key with (name/id) ${name}/${id} was not found.`)
      if (method === 'GET' && verb === '') return json(200, described(home(), name, version, true))
      if (method !== 'POST' || verb !== 'sign') return null
      if (!version.enabled) return refuse(403, 'Forbidden', 'Operation sign is not allowed on a disabled key.')
      return signed(home(), name, version, body)
    },
  }
}

function listed(home: string, name: string, all: readonly Version[], url: URL, pageSize: number): Reply {
  if (all.length === 0) return json(200, { value: [], nextLink: null })
  const after = url.searchParams.get('$skiptoken') ?? ''
  const rest = all.filter(({ id }) => id > after).sort((one, other) => (one.id < other.id ? -1 : 1))
  const page = rest.slice(0, pageSize)
  const query = new URLSearchParams({ 'api-version': '7.4', $skiptoken: page.at(-1)?.id ?? '', maxresults: '25' })
  const nextLink = rest.length > page.length ? `${home}${url.pathname}?${query}` : null
  return json(200, { value: page.map((version) => described(home, name, version, false)), nextLink })
}

function described(home: string, name: string, version: Version, isWhole: boolean): Record<string, unknown> {
  const { id, createdS, enabled, curve, privateKey } = version
  const attributes = { enabled, created: createdS, updated: createdS, recoveryLevel: 'Recoverable+Purgeable' }
  const kid = `${home}/keys/${name}/${id}`
  if (!isWhole) return { kid, attributes, tags: {} }
  const { x, y } = privateKey.export({ format: 'jwk' })
  return { key: { kid, kty: 'EC', key_ops: ['sign', 'verify'], crv: curve, x, y }, attributes, tags: {} }
}

/** Key Vault signs a hash that it is given, and not a text. */
function signed(home: string, name: string, { id, privateKey }: Version, body: string): Reply {
  const { alg, value } = parsed(body)
  const hash = typeof value === 'string' ? Buffer.from(value, 'base64url') : Buffer.alloc(0)
  if (alg !== 'ES256' || hash.length !== 32)
    return refuse(400, 'BadParameter', 'Property alg or value has an invalid value.')
  return json(200, { kid: `${home}/keys/${name}/${id}`, value: signHash(hash, privateKey).toString('base64url') })
}

/** The order of the group of P-256 (FIPS 186-5). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** ECDSA over a hash as it comes: Node signs texts only. A fresh pair of keys gives the random number and its point. */
function signHash(hash: Buffer, privateKey: KeyObject): Buffer {
  const pair = createECDH('prime256v1')
  const point = pair.generateKeys()
  const k = numberOf(pair.getPrivateKey())
  const d = numberOf(Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'))
  const r = numberOf(point.subarray(1, 33)) % ORDER
  const s = (inverse(k) * (numberOf(hash) + r * d)) % ORDER
  return Buffer.from([r, s].map((part) => part.toString(16).padStart(64, '0')).join(''), 'hex')
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}

/** By Fermat: the order is a prime. */
function inverse(value: bigint): bigint {
  let result = 1n
  let power = value
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * power) % ORDER
    power = (power * power) % ORDER
  }
  return result
}

function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(body)) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

function refuse(status: number, code: string, message: string): Reply {
  return json(status, { error: { code, message } })
}
