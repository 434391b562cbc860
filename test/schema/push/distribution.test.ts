import { describe, expect, it } from 'vitest'
import { ignoredOf, pathsOf, payload, pushesOf, RECEIVED, read, withValue } from './fixtures.ts'

const BODY = payload('distribution-notification')

describe('a notification of a Distribution registry', () => {
  it('brings each push of a tagged image and one record that counts the rest', () => {
    const reading = read('distribution', BODY)
    expect(pushesOf(reading)).toEqual([
      {
        registry: '127.0.0.1:5000',
        repository: 'pricing',
        tag: 'v1.4.0',
        digest: 'sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf',
        pushedAt: Date.UTC(2016, 2, 9, 14, 44, 26, 500),
        eventId: 'asdf-asdf-asdf-asdf-2',
        source: 'distribution',
        author: 'ci',
      },
    ])
    expect(ignoredOf(reading)).toMatchObject([{ source: 'distribution', outcome: 'ignored', receivedAt: RECEIVED }])
    expect(ignoredOf(reading)[0]?.reason).toBe(
      '2 of 3 events were not pushes of a tagged image: 1 × a pull; 1 × application/vnd.docker.image.rootfs.diff.tar.gzip is not the manifest of an image',
    )
  })

  it('with pushes only writes nothing down', () => {
    const reading = read('distribution', withValue(BODY, ['events'], [(BODY.events as unknown[])[2]]))
    expect(pushesOf(reading)).toHaveLength(1)
    expect(ignoredOf(reading)).toEqual([])
  })

  it('without events is written down', () => {
    expect(ignoredOf(read('distribution', { events: [] }))[0]?.reason).toBe('the notification held no events')
  })

  it('with an event that cannot be read is taken all the same, so that the registry does not send it for ever', () => {
    const reading = read('distribution', withValue(BODY, ['events', 2, 'target', 'repository'], '../x'))
    expect(pushesOf(reading)).toEqual([])
    expect(ignoredOf(reading)).toHaveLength(1)
    expect(ignoredOf(reading)[0]?.reason).toContain('cannot be read (events[2], target.repository:')
  })

  it('keeps the id of its record at the second delivery, and has another for other events', () => {
    const id = (body: unknown) => ignoredOf(read('distribution', body))[0]?.id
    expect(id(BODY)).toMatch(/^distribution-[0-9a-f]{32}$/)
    expect(id(structuredClone(BODY))).toBe(id(BODY))
    expect(id(withValue(BODY, ['events', 0, 'id'], 'another'))).not.toBe(id(BODY))
  })

  it('has a bounded reason, however many kinds of events it holds', () => {
    const events = Array.from({ length: 1000 }, (_, index) => ({ action: `act${index}` }))
    expect(ignoredOf(read('distribution', { events }))[0]?.reason.length).toBeLessThan(800)
  })

  it.each<[unknown, string[]]>([
    [{}, ['events']],
    [{ events: {} }, ['events']],
    [{ events: Array.from({ length: 1001 }, () => ({})) }, ['events']],
    [[], ['']],
    [null, ['']],
  ])('that is %j is refused', (body, paths) => {
    expect(pathsOf(read('distribution', body))).toEqual(paths)
  })
})
