import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { nextLink, pageAt, pageOf } from '../lib/door/paging.ts'
import { problem } from '../lib/door/problem.ts'
import { environmentsMeant, noSuchRollout, notOneService } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { bucketPage, bucketsAsCsv } from '../lib/engine/buckets.ts'
import { locate } from '../lib/engine/query.ts'
import { identify, settings, wheel } from '../lib/wiring.ts'

/** What the judge absorbed of a rollout, oldest first: pages of JSON, or CSV as `slipway simulate` reads it. */
app.http('service-buckets', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/rollouts/{number}/buckets',
  handler: operatorDoor(['get-buckets'], identify, async ({ params, query, headers, caller }) => {
    const { name = '', number = '' } = params
    const turning = await wheel()
    const located = await locate(
      turning,
      environmentsMeant(query, Object.keys((await settings()).environments)),
      name,
      caller,
    )
    if (located.kind !== 'found') return notOneService(name, located)
    const { item } = located
    const path = `/api/v1/services/${name}/rollouts/${number}/buckets`
    const unknown = noSuchRollout(name, number)
    if (!/^[1-9]\d{0,8}$/.test(number)) return unknown
    const format = query.get('format') ?? (headers.get('accept')?.includes('text/csv') === true ? 'csv' : 'json')
    if (format !== 'json' && format !== 'csv')
      return problem(400, 'bad-request', `format is ${JSON.stringify(format)}; give json or csv.`)
    const asked = pageOf(query)
    if (format === 'json') {
      const page = await pageAt(asked.from, () => bucketPage(turning, item, Number(number), asked))
      if (page === null) return unknown
      const { next, ...body } = page
      return { jsonBody: { ...body, nextLink: nextLink(path, query, next) } }
    }
    const limit = query.has('limit') ? asked.limit : null
    const lines = await pageAt(asked.from, () => bucketsAsCsv(turning, item, Number(number), { ...asked, limit }))
    if (lines === null) return unknown
    const next = nextLink(path, query, lines.next)
    const link = next === null ? {} : { link: `<${next}>; rel="next"` }
    return { headers: { 'content-type': 'text/csv; charset=utf-8', vary: 'accept', ...link }, body: lines.csv }
  }),
})
