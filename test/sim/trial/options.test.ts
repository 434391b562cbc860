import { expect, test } from 'vitest'
import { readOptions } from '../../../sim/trial/options.ts'

test('seeds, from, items and jobs are read', () => {
  const read = readOptions(['--seeds', '1', '--from', '4711', '--only', '3,17', '--jobs', '2', '--shrink'])
  const plain = { trace: null, scenario: null, adapters: null, realEvery: 10, json: false, keep: false }
  expect(read).toEqual({ seeds: 1, from: 4711, only: [3, 17], jobs: 2, shrink: true, ...plain })
  expect(readOptions(['--only', 'none'])).toMatchObject({ seeds: 1, from: 1, only: [] })
  expect(readOptions([])).toMatchObject({ seeds: 100, from: 1, only: null })
})

test('the plugs beneath are read, and a trace is of one kind of them', () => {
  expect(readOptions(['--adapters', 'both'])).toMatchObject({ adapters: 'both', seeds: 100 })
  expect(readOptions(['--real-every', '50'])).toMatchObject({ adapters: null, realEvery: 50 })
  expect(readOptions(['--trace', 'a.jsonl'])).toMatchObject({ adapters: 'sim' })
  expect(readOptions(['--trace', 'a.jsonl', '--adapters', 'real'])).toMatchObject({ adapters: 'real' })
})

test.each([
  [['--seeds', 'x'], "--seeds: 'x' is not a whole number of at least 1"],
  [['--seeds', '0'], "--seeds: '0' is not a whole number of at least 1"],
  [['--from', '1.5'], "--from: '1.5' is not a whole number of at least 0"],
  [['--only', '3,'], "--only: '' is not a whole number of at least 0"],
  [['--only', '3', '--seeds', '2'], '--only, --scenario and --keep are about one seed: say --seeds 1, or leave it out'],
  [['--scenario', 'a.json', '--from', '2'], '--scenario brings its own seed: leave out --seeds and --from'],
  [['--adapters', 'all'], "--adapters: 'all' is none of sim, real and both"],
  [
    ['--adapters', 'both', '--trace', 'a.jsonl'],
    '--adapters both: one trace, and one kept life, is of one kind of plugs; say sim or real',
  ],
  [
    ['--real-every', '5', '--adapters', 'sim'],
    '--real-every is for many seeds on both kinds of plugs: leave out --adapters, --trace and --only',
  ],
  [['--real-every', 'x'], "--real-every: 'x' is not a whole number of at least 0"],
  [['--jobs', '1000'], '--jobs: at most 256 processes, not 1000'],
])('%s is refused with a sentence', (argv, says) => {
  expect(readOptions(argv)).toBe(says)
})

test('an unknown option is refused', () => {
  expect(readOptions(['--seed', '1'])).toContain("'--seed'")
})
