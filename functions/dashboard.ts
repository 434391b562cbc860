import { app } from '@azure/functions'
import { createPages } from '../lib/door/pages.ts'
import { ALL_METHODS, door } from '../lib/door.ts'

const pages = createPages(new URL('./ui/', import.meta.url))

/** The operators' page: files that hold no data and tell strangers nothing. It asks the API, with its reader's rights. */
app.http('dashboard', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'ui/{*file}',
  handler: door({ methods: ['GET', 'HEAD'] }, (visit) => pages(visit.params.file ?? '', visit)),
})
