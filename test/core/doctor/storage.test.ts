import { describe, expect, it, test } from 'vitest'
import type { Trouble } from '../../../lib/core/app.ts'
import type { AuditRow } from '../../../lib/core/audit.ts'
import { type Names, nameInUrl } from '../../../lib/core/doctor/commands.ts'
import { fine, refused } from '../../../lib/core/doctor/finding.ts'
import {
  chainFinding,
  heartbeatFinding,
  lateSince,
  type StorageAnswer,
  storageFindings,
} from '../../../lib/core/doctor/storage.ts'
import { aService, T0 } from '../../support/builders.ts'
import { auditRows } from '../../support/state.ts'

const NAMES: Names = {
  principal: 'the-principal',
  account: 'slipwaystore',
  vault: 'slipwayvault',
  hookKeys: 'slipway-hook-keys',
  site: { name: 'slipway-fn', group: 'slipway' },
}

const table = (changes: Partial<StorageAnswer> = {}): StorageAnswer => ({
  kind: 'table',
  name: 'SlipwayState',
  trouble: null,
  poisoned: 0,
  time: { theirs: T0, ours: T0 + 900 },
  ...changes,
})
const queue = (changes: Partial<StorageAnswer> = {}) =>
  table({ kind: 'queue', name: 'slipway-intake', time: null, ...changes })
const trouble = (kind: Trouble['kind']): Trouble => ({ kind, message: `storage says ${kind}`, retryAfterMs: null })
const found = (answers: readonly StorageAnswer[], check: string) =>
  storageFindings(answers, NAMES).find((finding) => finding.check === check)

describe('storage', () => {
  it('is well when it lets itself be read and written, its poison queues are empty, and its clock agrees', () => {
    expect(storageFindings([table(), queue()], NAMES).map(({ check, result }) => [check, result])).toEqual([
      ['storage-table', 'ok'],
      ['storage-queue', 'ok'],
      ['poison-queue', 'ok'],
      ['clock', 'ok'],
    ])
  })

  it.each([
    [
      table({ trouble: trouble('denied') }),
      'storage-table',
      'az role assignment create --assignee-object-id the-principal --assignee-principal-type ServicePrincipal --role "Storage Table Data Contributor" --scope "$(az storage account show -n slipwaystore --query id -o tsv)"',
    ],
    [
      table({ trouble: trouble('not-found') }),
      'storage-table',
      'az storage table create -n SlipwayState --account-name slipwaystore --auth-mode login',
    ],
    [
      queue({ trouble: trouble('denied') }),
      'storage-queue',
      'az role assignment create --assignee-object-id the-principal --assignee-principal-type ServicePrincipal --role "Storage Queue Data Contributor" --scope "$(az storage account show -n slipwaystore --query id -o tsv)"',
    ],
  ])('that refuses has the command that lets it in', (answer, check, fix) => {
    expect(found([answer], check)).toMatchObject({ result: 'error', message: answer.trouble?.message, fix })
  })

  it('says what lies in a poison queue, and how to look at it', () => {
    expect(found([queue({ poisoned: 3 })], 'poison-queue')).toMatchObject({
      result: 'warning',
      message: expect.stringMatching(/^3 messages lie in slipway-intake-poison/),
      fix: 'az storage message peek --queue-name slipway-intake-poison --num-messages 32 --account-name slipwaystore --auth-mode login',
    })
  })

  it.each([
    [0, 'ok'],
    [29_999, 'ok'],
    [-30_000, 'warning'],
    [239_999, 'warning'],
    [240_000, 'error'],
  ])('with a clock %d ms apart is %s', (apart, result) => {
    const time = { theirs: T0 + apart, ours: T0 }
    expect(found([table({ time: { theirs: T0 + 10_000_000, ours: T0 } }), table({ time })], 'clock')?.result).toBe(
      result,
    )
  })

  it('that does not tell the time leaves the clock unknown', () => {
    expect(found([queue()], 'clock')?.result).toBe('unknown')
  })

  it('without a known account says what must be filled in', () => {
    const [first] = storageFindings([queue({ trouble: trouble('not-found') })], { ...NAMES, account: null })
    expect(first?.fix).toBe(
      'az storage queue create -n slipway-intake --account-name <storage account> --auth-mode login',
    )
  })
})

describe('the heartbeat', () => {
  it('is well when nothing is late', () => {
    expect(heartbeatFinding('production', [], NAMES).result).toBe('ok')
    expect(lateSince(T0)).toBe(T0 - 300_000)
  })

  it('names at most five services that were not looked at, and how to restart the app', () => {
    const finding = heartbeatFinding('production', ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'], NAMES)
    expect(finding).toMatchObject({ result: 'error', fix: 'az functionapp restart -n slipway-fn -g slipway' })
    expect(finding.message).toMatch(/^a1, a2, a3, a4, a5 and others should have been looked at more than 5m ago/)
    expect(heartbeatFinding('production', ['a1'], { ...NAMES, site: null }).fix).toBe(
      'az functionapp restart -n <function app> -g <resource group>',
    )
  })
})

describe('the ends of the chains', () => {
  const service = aService({ chain: { seq: 7, hash: 'seven' } })
  const row = (seq: number, hash: string) => auditRows(service.key, seq, 1, { hash })[0] as AuditRow

  it.each([
    ['nothing is known', [], 'ok'],
    ['the head is there', [row(7, 'seven'), row(6, 'six')], 'ok'],
    ['rows were added since', [row(8, 'eight'), row(7, 'seven')], 'ok'],
    ['the head is another row', [row(7, 'other')], 'error'],
    ['rows are gone', [row(6, 'six')], 'error'],
  ])('when %s: %s', (_, rows, result) => {
    expect(chainFinding('production', [service], rows)).toMatchObject({
      result,
      fix: result === 'ok' ? null : 'slipway audit verify --environment production',
    })
  })
})

test('what passes by itself is unknown and has no command', () => {
  expect(refused({ check: 'x', subject: 'y' }, trouble('throttled'), 'az fix')).toMatchObject({
    result: 'unknown',
    fix: null,
  })
  expect(refused({ check: 'x', subject: 'y' }, trouble('malformed'), 'az fix')).toMatchObject({
    result: 'error',
    fix: 'az fix',
  })
  expect(fine({ check: 'x', subject: 'y' }, 'well')).toEqual({
    check: 'x',
    subject: 'y',
    result: 'ok',
    message: 'well',
    fix: null,
  })
})

test.each([
  ['https://slipwaystore.table.core.windows.net', 'slipwaystore'],
  ['https://slipwayvault.vault.azure.net', 'slipwayvault'],
  ['https://127.0.0.1:10002/devstoreaccount1', null],
  ['https://example.com', null],
])('the name in %s is %s', (url, name) => {
  expect(nameInUrl(url)).toBe(name)
})
