import { app } from '@azure/functions'
import { reading } from '../lib/door/reading.ts'
import { ALL_METHODS, door, problem } from '../lib/door.ts'
import { pages } from '../lib/wiring.ts'

/** The OpenAPI document as a page to be read, and the style sheet of the pages that are read. */
app.http('docs', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'docs/{*file}',
  handler: door({ methods: ['GET'], parameters: () => [] }, async ({ params, headers }) => {
    const { docs, style } = await pages()
    switch (params.file ?? '') {
      case '':
        return reading(headers, docs.etag, 'text/html', docs.text)
      case 'style.css':
        return reading(headers, style.etag, 'text/css', style.text)
      default:
        return problem(404, 'not-found', 'There is no such page. /api/docs is the one there is.')
    }
  }),
})
