import { createServer } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isLoopback, isPublic } from '../../../lib/adapters/notify/address.ts'
import { createOutbound, type Outbound } from '../../../lib/adapters/notify/outbound.ts'
import { Fault } from '../../../lib/errors.ts'

const PUBLIC = [
  '1.1.1.1',
  '52.114.128.1',
  '172.15.255.255',
  '172.32.0.0',
  '100.63.255.255',
  '192.167.1.1',
  '2606:4700::1111',
  '2a02:1::5',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
  '2002:808:808::1',
  '198.20.0.1',
  '168.63.129.17',
]
const NOT_PUBLIC = [
  ['loopback', '127.0.0.1'],
  ['all of loopback', '127.255.255.254'],
  ['IPv6 loopback', '::1'],
  ['IPv6 loopback in full', '0:0:0:0:0:0:0:1'],
  ['unspecified', '0.0.0.0'],
  ['this network', '0.1.2.3'],
  ['IPv6 unspecified', '::'],
  ['private 10/8', '10.0.0.1'],
  ['private 172.16/12', '172.16.0.1'],
  ['the end of 172.16/12', '172.31.255.255'],
  ['private 192.168/16', '192.168.1.1'],
  ['shared (CGNAT)', '100.64.0.1'],
  ['the end of CGNAT', '100.127.255.255'],
  ['link-local: metadata of clouds', '169.254.169.254'],
  ['Azure’s platform', '168.63.129.16'],
  ['IETF', '192.0.0.8'],
  ['documentation', '203.0.113.7'],
  ['benchmarks', '198.19.255.255'],
  ['6to4 relays', '192.88.99.1'],
  ['multicast', '224.0.0.1'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['unique local', 'fd00:ec2::254'],
  ['unique local fc', 'fc00::1'],
  ['IPv6 link-local', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['a public one with a zone', '2606:4700::1111%eth0'],
  ['site-local', 'fec0::1'],
  ['IPv6 multicast', 'ff02::1'],
  ['IPv6 documentation', '2001:db8::1'],
  ['newer IPv6 documentation', '3fff::1'],
  ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  ['mapped loopback', '::ffff:127.0.0.1'],
  ['mapped loopback in hex', '::ffff:7f00:1'],
  ['mapped metadata', '::ffff:a9fe:a9fe'],
  ['compatible loopback', '::127.0.0.1'],
  ['NAT64 of private', '64:ff9b::10.0.0.1'],
  ['NAT64 of metadata', '64:ff9b::a9fe:a9fe'],
  ['local NAT64', '64:ff9b:1::808:808'],
  ['6to4 of private', '2002:a00:1::'],
  ['6to4 of loopback', '2002:7f00:1::1'],
  ['discard', '100::1'],
  ['no address', 'example.com'],
  ['nothing', ''],
] as const

describe('an address', () => {
  test.each(PUBLIC)('of the open internet is public: %s', (address) => expect(isPublic(address)).toBe(true))
  test.each(NOT_PUBLIC)('that is %s is not public: %s', (_what, address) => expect(isPublic(address)).toBe(false))
  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('is loopback: %s', (address) =>
    expect(isLoopback(address)).toBe(true),
  )
  test.each(['128.0.0.1', '10.0.0.1', '::2', '::ffff:10.0.0.1', '0.0.0.0', '', 'fe80::1%lo'])(
    'is not loopback: %s',
    (address) => expect(isLoopback(address)).toBe(false),
  )
})

let port = 0
let called = 0
const server = createServer((request, response) => {
  called += 1
  request.resume()
  if (request.url === '/long') response.end('x'.repeat(300_000))
  else if (request.url === '/date')
    response
      .writeHead(503, { date: 'Sat, 21 Nov 2026 10:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 10:02:00 GMT' })
      .end()
  else if (request.url === '/nonsense') response.writeHead(503, { 'retry-after': 'soon' }).end()
  else if (request.url === '/endless') {
    const more = setInterval(() => response.write('x'.repeat(20_000)), 1)
    response.on('close', () => clearInterval(more))
  } else if (request.url === '/drip') response.write('x')
  else if (request.url === '/cut') request.socket.destroy()
  else response.end('fine')
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** A look-up that leads every name to these addresses. */
function leadingTo(...addresses: readonly string[]): LookupFunction {
  return (_name, _options, found) => {
    const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    ;(found as unknown as (error: null, all: unknown) => void)(null, all)
  }
}

async function refusal(send: Outbound, url: string): Promise<Fault> {
  const error = await send(new URL(url), {}, '{}').catch((met: unknown) => met)
  expect(error).toBeInstanceOf(Fault)
  return error as Fault
}

describe('the way out', () => {
  const hostOf = (url: string) => new URL(url).host
  const LITERALS = [
    'https://127.0.0.1/x',
    'https://2130706433/x',
    'https://0x7f000001/x',
    'https://017700000001/x',
    'https://127.1/x',
    'https://0x7f.0.0.1/x',
    'https://[::1]/x',
    'https://[::ffff:127.0.0.1]/x',
    'https://[::ffff:7f00:1]/x',
    'https://169.254.169.254/metadata/instance',
    'https://0xa9fea9fe/',
    'https://2852039166/',
    'https://10.1.2.3/',
    'https://[fd00:ec2::254]/',
    'https://[64:ff9b::a00:1]/',
    'https://168.63.129.16/',
    'https://0/',
    'https://①②⑦.⓪.⓪.①/',
  ]
  test.each(LITERALS)('does not lead to %s, even where the configuration names it', async (url) => {
    const before = called
    expect(await refusal(createOutbound({ hosts: [hostOf(url)], loopback: false }), url)).toMatchObject({
      kind: 'denied',
    })
    expect(called).toBe(before)
  })

  const NAMES: readonly (readonly string[])[] = [
    ['127.0.0.1'],
    ['169.254.169.254'],
    ['10.0.0.5'],
    ['::1'],
    ['::ffff:10.0.0.5'],
    ['fd12::1'],
    ['1.1.1.1', '10.0.0.5'],
    ['10.0.0.5', '1.1.1.1'],
    ['2606:4700::1111', 'fe80::1'],
  ]
  test.each(NAMES)('does not follow a name that leads to %s', async (...addresses) => {
    const send = createOutbound({ hosts: ['hooks.example.com'], loopback: false, lookup: leadingTo(...addresses) })
    expect(await refusal(send, 'https://hooks.example.com/x')).toMatchObject({ kind: 'denied' })
  })

  const FOREIGN = [
    'https://hooks.example.com.evil.example/x',
    'https://evil.example/hooks.example.com',
    'https://evil.example#@hooks.example.com/',
    'https://evil.example\\@hooks.example.com/',
    'https://hooks.example.com:8443/x',
    'https://hooks.example.com./x',
    'https://hooks.example.com@evil.example/x',
  ]
  test.each(FOREIGN)('leads to no host but that of the configuration: %s', async (url) => {
    const send = createOutbound({ hosts: ['hooks.example.com'], loopback: true, lookup: leadingTo('127.0.0.1') })
    expect(await refusal(send, url)).toMatchObject({ kind: 'denied' })
  })

  test('takes no user or password along, and no other scheme', async () => {
    const hosts = ['hooks.example.com']
    const send = createOutbound({ hosts, loopback: true, lookup: leadingTo('127.0.0.1') })
    const denied = await refusal(send, 'https://user:verysecret@hooks.example.com/x')
    expect(denied.message).not.toContain('verysecret')
    for (const url of ['http://hooks.example.com/', 'ftp://hooks.example.com/', 'file:///etc/passwd'])
      expect(await refusal(send, url)).toMatchObject({ kind: 'denied' })
  })

  test('leads to loopback only where that is allowed, and to nothing else private then', async () => {
    const url = `http://127.0.0.1:${port}/x`
    const hosts = [hostOf(url), 'hooks.example.com']
    expect(await refusal(createOutbound({ hosts, loopback: false }), url)).toMatchObject({ kind: 'denied' })
    expect(await createOutbound({ hosts, loopback: true })(new URL(url), {}, '{}')).toMatchObject({
      status: 200,
      text: 'fine',
    })
    const private10 = createOutbound({ hosts, loopback: true, lookup: leadingTo('10.0.0.1') })
    expect(await refusal(private10, 'https://hooks.example.com/')).toMatchObject({ kind: 'denied' })
  })

  test('calls the very address that was checked, and says the name to it', async () => {
    const asked: string[] = []
    const lookup: LookupFunction = (name, options, found) => {
      asked.push(name)
      leadingTo(asked.length === 1 ? '127.0.0.1' : '10.0.0.1')(name, options, found)
    }
    const send = createOutbound({ hosts: [`hooks.example.com:${port}`], loopback: true, lookup })
    // The server speaks no TLS: that the connection reached it is what counts.
    expect(await refusal(send, `https://hooks.example.com:${port}/`)).toMatchObject({ kind: 'unavailable' })
    expect(asked).toEqual(['hooks.example.com'])
  })

  const here = (path: string) => `http://127.0.0.1:${port}${path}`
  const local = (timeoutMs = 10_000) => createOutbound({ hosts: [`127.0.0.1:${port}`], loopback: true, timeoutMs })

  test('reads no more of an answer than 64 KiB', async () => {
    for (const path of ['/long', '/endless'])
      expect((await local()(new URL(here(path)), {}, '{}')).text).toHaveLength(65_536)
  })

  test('waits no longer than its time, also where an answer drips', async () => {
    expect(await refusal(local(60), here('/drip'))).toMatchObject({ kind: 'unavailable' })
  })

  test('says where a connection was cut, a name is unknown or a look-up fails, without the path', async () => {
    expect((await refusal(local(), here('/cut'))).message).toContain('ECONNRESET')
    const lost: LookupFunction = (_name, _options, found) =>
      found(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), '', 0)
    for (const lookup of [lost, leadingTo()]) {
      const send = createOutbound({ hosts: ['hooks.example.com'], loopback: false, lookup })
      const met = await refusal(send, 'https://hooks.example.com/secret-path')
      expect(met).toMatchObject({ kind: 'unavailable' })
      expect(met.message).toContain('ENOTFOUND')
      expect(met.message).not.toContain('secret-path')
    }
  })

  test('understands Retry-After as a date, and passes over what is none', async () => {
    expect((await local()(new URL(here('/date')), {}, '{}')).retryAfterMs).toBe(120_000)
    expect((await local()(new URL(here('/nonsense')), {}, '{}')).retryAfterMs).toBeNull()
  })
})
