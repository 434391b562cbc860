import { describe, expect, it } from 'vitest'
import { readManifest } from '../../lib/schema/manifest.ts'
import { LEAST } from './texts.ts'

function approvalsOf(lines: string) {
  const read = readManifest(`${LEAST}\n${lines}\n`)
  return read.ok ? read.manifest.approvals : read.issues.map(({ path, message }) => `${path}: ${message}`)
}

describe('the approvals of a manifest', () => {
  it('are none where it does not say so', () => {
    expect(approvalsOf('')).toBeNull()
  })

  it('have defaults: one Approver, whoever it is, for as long as the gate waits', () => {
    expect(approvalsOf('approvals: {}')).toEqual({ required: 1, from: null, notAuthor: false, validForMs: null })
  })

  it('are read with everything they say', () => {
    const text = 'approvals: { required: 2, from: [ada@example.com, bo, cy], notAuthor: true, validFor: 24h }'
    const from = ['ada@example.com', 'bo', 'cy']
    expect(approvalsOf(text)).toEqual({ required: 2, from, notAuthor: true, validForMs: 86_400_000 })
  })

  it.each([
    ['approvals: { required: 0 }', 'approvals.required', 'at least 1'],
    ['approvals: { required: 11 }', 'approvals.required', 'at most 10'],
    ['approvals: { required: 1.5 }', 'approvals.required', 'whole number'],
    ['approvals: { from: [] }', 'approvals.from', 'leave it out'],
    ['approvals: { from: [""] }', 'approvals.from[0]', 'is empty'],
    ['approvals: { from: [ada, ADA] }', 'approvals.from', 'twice'],
    ['approvals: { required: 3, from: [ada, bo] }', 'approvals.from', 'the gate could never open'],
    ['approvals: { required: 2, from: [ada, bo], notAuthor: true }', 'approvals.from', 'it needs 3 or more'],
    ['approvals: { notAuthor: yes please }', 'approvals.notAuthor', 'true or false'],
    ['approvals: { validFor: 10s }', 'approvals.validFor', 'too short'],
    ['approvals: { validFor: soon }', 'approvals.validFor', 'no duration'],
    ['approvals: { requird: 2 }', 'approvals.requird', 'Did you mean `required`'],
  ])('%s is refused at %s', (text, path, words) => {
    const said = approvalsOf(text)
    expect(said).toHaveLength(1)
    expect(String(said)).toContain(`${path}: `)
    expect(String(said)).toContain(words)
  })

  it('take as many names as are required, and one more where the author may be among them', () => {
    expect(approvalsOf('approvals: { required: 2, from: [ada, bo] }')).toMatchObject({ required: 2 })
    expect(approvalsOf('approvals: { required: 2, from: [ada, bo, cy], notAuthor: true }')).toMatchObject({
      notAuthor: true,
    })
  })
})
