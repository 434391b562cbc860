import { expect, test } from 'vitest'
import { createStage } from '../../sim/runner.ts'
import { MINUTE, pricingManifest, version } from '../support/story.ts'

const HERD = 300

test('three hundred pushes at once to one subscription all get their canaries, though ARM bears two hundred reads at a time', async () => {
  const stage = createStage()
  const names = Array.from({ length: HERD }, (_, n) => `svc-${n + 1}`)
  const { target, image, ...rest } = pricingManifest()
  for (const name of names) {
    const manifest = { ...rest, name, target: { ...target, app: name }, image: { ...image, repository: name } }
    stage.world.addApp({ target: manifest.target, image: 'registry.example.com/x:v1', suffix: 'v1' })
    await stage.declare(manifest)
    await stage.push(version(2, { repository: name, eventId: `${name}-2` }))
  }
  const phaseOf = (name: string) => stage.rollout({ environment: 'production', name }).phase
  const bakes = (name: string) => {
    const phase = phaseOf(name)
    return phase.kind === 'progressing' && phase.steadyAt !== null
  }
  await stage.run(4 * MINUTE)
  expect(names.filter((name) => !bakes(name)).map((name) => [name, phaseOf(name).kind])).toEqual([])
})
