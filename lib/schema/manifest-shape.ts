import { validRange } from 'semver'
import * as z from 'zod'
import type { TagPattern } from '../core/service.ts'
import { duration } from './duration.ts'
import { CONTAINER, CONTAINER_APP, GUID, NAME, REGISTRY_HOST, REPOSITORY, RESOURCE_GROUP, TAG_GLOB } from './grammar.ts'
import { analysisSchema } from './manifest-analysis.ts'
import { approvalsSchema } from './manifest-approvals.ts'
import { checkSteps, type StepWritten } from './manifest-stages.ts'

const NAME_RULE = 'it has 2–32 of a–z, 0–9 and dashes, begins with a letter and ends with no dash'

const targetSchema = z
  .strictObject({
    subscription: text('Id of the Azure subscription.', '00000000-0000-0000-0000-000000000001')
      .regex(GUID, { error: 'is no subscription id; it is a GUID, as `az account show --query id` prints it' })
      .transform((id) => id.toLowerCase()),
    resourceGroup: text('Resource group of the container app.', 'rides').regex(RESOURCE_GROUP, {
      error: 'is no resource group name; it has at most 90 letters, digits and `_ - . ( )`, and ends with no dot',
    }),
    containerApp: text('Name of the container app, at most 32 characters.', 'pricing')
      .max(32, { error: 'is longer than 32 characters; no container app has such a name', abort: true })
      .regex(CONTAINER_APP, {
        error: `is no container app name; ${NAME_RULE}, and no two dashes in a row`,
      }),
    container: text('The container whose image is replaced; needed only where the app has several.', 'api')
      .regex(CONTAINER, { error: 'is no container name; it has lower-case letters, digits and dashes, at most 63' })
      .optional(),
  })
  .meta({ title: 'Target', description: 'The container app that runs this service.' })

const imageSchema = z
  .strictObject({
    registry: text(
      'Host of the registry as it stands in image names, with a port where it has one.',
      'registry.example.com',
    )
      .max(255, { error: 'is longer than 255 characters', abort: true })
      .superRefine((host, context) => complain(context, registryTrouble(host)))
      .meta({ pattern: REGISTRY_HOST.source }),
    repository: text('The repository within the registry, without host and tag.', 'pricing')
      .max(255, { error: 'is longer than 255 characters', abort: true })
      .superRefine((name, context) => complain(context, repositoryTrouble(name)))
      .meta({ pattern: REPOSITORY.source }),
    tags: tagsSchema(),
  })
  .superRefine(({ registry, repository }, context) => {
    if (!repository.startsWith(`${registry}/`)) return
    complain(context, `repeats the registry; write \`${repository.slice(registry.length + 1)}\``, ['repository'])
  })
  .meta({ title: 'Image', description: 'Where new images of this service come from, and which of their tags count.' })

const stepSchema = z
  .strictObject({
    setWeight: z
      .int({ error: 'must be a whole number of percent from 1 to 100, without `%`, e.g. `10`' })
      .min(1, { error: 'must be at least 1; leave the step out to send no traffic' })
      .max(100, { error: 'must be at most 100' })
      .meta({ description: 'Percent of traffic for the new revision; rises from step to step.', examples: [10] })
      .optional(),
    bake: duration({
      description: 'How long the weight is kept and judged, counted from when it was seen at the ingress.',
      example: '48h',
    }).optional(),
    pause: z
      .strictObject(
        {},
        { error: 'waits for a person and takes no time; write `pause: {}`, or `bake: 1h` to wait by the clock' },
      )
      .meta({ description: 'A manual gate: wait until a person promotes. Always written `{}`.', examples: [{}] })
      .optional(),
  })
  .refine((step) => Object.keys(step).length > 0, { error: 'is empty; write `setWeight`, `bake` or `pause`' })
  .meta({
    title: 'Step',
    description: 'One or more of setWeight, bake and pause; they happen in this order, however they are written.',
    minProperties: 1,
  })

const DEFAULT_STEPS = [{ setWeight: 10 }, { bake: '48h' }, { setWeight: 50 }, { bake: '24h' }, { setWeight: 100 }]

const strategySchema = z
  .strictObject({
    canary: z
      .strictObject({
        steps: z
          .array(stepSchema, { error: 'must be a list of steps, e.g. `- setWeight: 10`' })
          .min(1, { error: 'is empty; write at least one `setWeight`, or leave `strategy` out for the default' })
          .max(100, { error: 'has more than 100 items; leave some out' })
          .superRefine(
            (steps: unknown, context) => {
              const wrong = Array.isArray(steps) ? checkSteps(steps as StepWritten[]) : []
              for (const { path, message } of wrong) complain(context, message, path)
            },
            { when: () => true },
          )
          .meta({
            description: 'Weights, bakes and gates in their order. A last step of 100 is added when it is missing.',
            examples: [DEFAULT_STEPS],
          }),
      })
      .meta({ title: 'Canary', description: 'Moves traffic to the new revision step by step.' }),
  })
  .prefault({ canary: { steps: DEFAULT_STEPS } })
  .meta({
    title: 'Strategy',
    description: 'How traffic moves to a new revision: 10% for 48h, 50% for 24h, 100% when left out.',
  })

const deadlinesSchema = z
  .strictObject({
    ready: duration({
      description: 'From the request for a revision until it can serve; afterwards the rollout ends.',
      example: '10m',
      leastMs: 1000,
    }).prefault('10m'),
    traffic: duration({
      description:
        'From the wish for a weight until it is seen at the ingress; afterwards the rollout says that it is stuck.',
      example: '10m',
      leastMs: 1000,
    }).prefault('10m'),
    gate: duration({
      description: 'How long a manual gate stays open before the rollout is rolled back; without it, for ever.',
      example: '7d',
      leastMs: 1000,
    }).optional(),
  })
  .prefault({})
  .meta({ title: 'Deadlines', description: 'When waiting has lasted long enough.' })

/** The manifest as a team writes it: what goes in is the YAML's content, what comes out has every default filled in. */
export const manifestSchema = z
  .strictObject({
    name: text('Name of the service, unique within its environment.', 'pricing').regex(NAME, {
      error: `is no valid name; ${NAME_RULE}`,
    }),
    environment: text('The environment it runs in, as the settings name it.', 'production').regex(NAME, {
      error: `is no valid name; ${NAME_RULE}`,
    }),
    target: targetSchema,
    image: imageSchema,
    strategy: strategySchema,
    analysis: analysisSchema,
    onNewRevision: z
      .enum(['supersede', 'queue', 'reject'], { error: 'must be `supersede`, `queue` or `reject`' })
      .prefault('supersede')
      .meta({
        description:
          'What happens to a push that arrives while a rollout runs: it takes over, waits, or is turned away.',
      }),
    approvals: approvalsSchema.optional(),
    deadlines: deadlinesSchema,
    drain: duration({
      description:
        'How long a revision without weight keeps running so that open requests can end; one that had weight in this rollout runs ten minutes in any case.',
      example: '60s',
    }).prefault('60s'),
    scaleDownDelay: duration({
      description: 'How long the previous revision is kept ready after a promotion.',
      example: '10m',
    }).prefault('10m'),
    watch: duration({
      description: 'How long a finished rollout is watched for late writes.',
      example: '15m',
      leastMs: 1000,
    }).prefault('15m'),
  })
  .meta({
    title: 'Slipway manifest',
    description: 'One service: what runs where, which images count, how traffic moves to them and how they are judged.',
  })

/** A manifest's content, checked, with defaults. */
export type ManifestContent = z.output<typeof manifestSchema>

function text(description: string, example: string) {
  return z
    .string({ error: 'must be text; put it in quotes where YAML takes it for something else' })
    .meta({ description, examples: [example] })
}

function tagsSchema() {
  const glob = text('Glob over the whole tag: `*` for any run of characters, `?` for any one.', 'v*').regex(TAG_GLOB, {
    error: 'is no glob; it has 1–128 letters, digits and `. _ -`, with `*` and `?` as wildcards',
  })
  const semver = text(
    'Range of versions; a tag may have a leading `v`. Prereleases count only where the range names one.',
    '>=1.0.0 <3',
  ).refine((range) => range.length <= 200 && range.trim() !== '' && validRange(range) !== null, {
    error: 'is no range of versions; write it like `>=1.0.0 <3` or `~1.4`',
  })
  return z
    .union(
      [
        glob.transform((pattern): TagPattern => ({ kind: 'glob', pattern })),
        z
          .strictObject({ glob: glob.optional(), semver: semver.optional() })
          .refine((tags) => (tags.glob === undefined) !== (tags.semver === undefined), {
            error: 'needs either `glob` or `semver`, and not both',
          })
          .meta({ minProperties: 1, maxProperties: 1 })
          .transform((tags): TagPattern => {
            return tags.semver === undefined
              ? { kind: 'glob', pattern: tags.glob ?? '' }
              : { kind: 'semver', range: tags.semver }
          }),
      ],
      { error: 'must be a glob like `"v*"`, `{ glob: "v*" }` or `{ semver: ">=1.0.0 <3" }`' },
    )
    .meta({ title: 'Tags', description: 'Which tags start a rollout.', examples: ['v*', { semver: '>=1.0.0 <3' }] })
}

function registryTrouble(host: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(host)) return 'holds a scheme; write the host alone, e.g. `registry.example.com`'
  if (host.includes('/')) return 'holds a path; write the host here and the path in `repository`'
  if (host !== host.toLowerCase()) return `must be lower case; write \`${host.toLowerCase()}\``
  return REGISTRY_HOST.test(host)
    ? null
    : 'is no host name; write it as in image names, e.g. `registry.example.com:5000`'
}

function repositoryTrouble(name: string): string | null {
  if (name !== name.toLowerCase()) return `must be lower case; write \`${name.toLowerCase()}\``
  if (/[:@]/.test(name)) return 'holds a tag or digest; leave it out, it comes with the push'
  return REPOSITORY.test(name)
    ? null
    : 'is no repository name; it has parts of a–z, 0–9 and single `. _ -` within, divided by `/`'
}

function complain(context: z.core.$RefinementCtx, message: string | null, path: readonly PropertyKey[] = []): void {
  if (message !== null) context.addIssue({ code: 'custom', message, path: [...path] })
}
