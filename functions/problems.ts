import { app } from '@azure/functions'
import { reading } from '../lib/door/reading.ts'
import { ALL_METHODS, door, problem } from '../lib/door.ts'
import { pages } from '../lib/wiring.ts'

/** What each kind of problem means, why it happens here, and what to do. */
app.http('problems', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'problems/{*kind}',
  handler: door({ methods: ['GET'], parameters: () => [] }, async ({ params, headers }) => {
    const kind = params.kind ?? ''
    const { problems } = await pages()
    const found = problems.get(kind)
    if (found !== undefined) return reading(headers, found.etag, 'text/html', found.text)
    return problem(404, 'not-found', `There is no problem ${JSON.stringify(kind)}. /api/problems lists them.`)
  }),
})
