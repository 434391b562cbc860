import { BlockList, isIP } from 'node:net'

/**
 * Whether an address is one of the open internet: no loopback, private, shared (CGNAT), link-local, documentation, benchmark,
 * multicast or reserved one, not Azure's own platform address, and no IPv6 form that leads to one of these. Ranges from the
 * IANA special-purpose registries.
 */
export function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !FORBIDDEN.check(address, 'ipv4')
  if (family !== 6) return false
  const groups = groupsOf(address)
  if (groups === null) return false
  const inner = innerV4(groups)
  if (inner !== null) return !FORBIDDEN.check(inner, 'ipv4')
  // Global unicast is 2000::/3; nothing else leads anywhere public.
  return ((groups[0] ?? 0) & 0xe000) === 0x2000 && !FORBIDDEN.check(address, 'ipv6')
}

/** Whether an address is this machine's own loopback: 127.0.0.0/8, ::1, and the first in its IPv6 form. */
export function isLoopback(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return address.startsWith('127.')
  const groups = family === 6 ? groupsOf(address) : null
  if (groups === null) return false
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return true
  return isMapped(groups) && v4Of(groups, 6).startsWith('127.')
}

const FORBIDDEN = forbidden()

function forbidden(): BlockList {
  const list = new BlockList()
  const v4 = [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
    // Azure's platform (DNS, health probes, the machine's own agent) answers here.
    ['168.63.129.16', 32],
  ] as const
  const v6 = [
    ['2001::', 23],
    ['2001:db8::', 32],
    ['3fff::', 20],
  ] as const
  for (const [net, bits] of v4) list.addSubnet(net, bits, 'ipv4')
  for (const [net, bits] of v6) list.addSubnet(net, bits, 'ipv6')
  return list
}

/** The IPv4 address that an IPv6 address stands for: mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96) or 6to4 (2002::/16). */
function innerV4(groups: readonly number[]): string | null {
  if (isMapped(groups)) return v4Of(groups, 6)
  if (groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0))
    return v4Of(groups, 6)
  return groups[0] === 0x2002 ? v4Of(groups, 1) : null
}

function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
}

function v4Of(groups: readonly number[], at: number): string {
  const [high = 0, low = 0] = groups.slice(at, at + 2)
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** The eight groups of an IPv6 address; null for one with a zone, which names an interface of this machine. */
function groupsOf(address: string): readonly number[] | null {
  if (address.includes('%')) return null
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const hex = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16)
  const plain =
    dotted === null
      ? address
      : `${dotted[1]}${hex(dotted[2] ?? '', dotted[3] ?? '')}:${hex(dotted[4] ?? '', dotted[5] ?? '')}`
  const [head = '', tail] = plain.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<string>(missing).fill('0'), ...after].map((group) => Number.parseInt(group, 16))
}
