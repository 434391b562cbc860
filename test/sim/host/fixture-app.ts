/** The app that the host's tests run: one function for each thing the host must do. Bundled by the tests, never imported. */
import { app, output } from '@azure/functions'

const connection = 'FIXTURE_STORAGE'
const results = output.storageQueue({ queueName: 'results', connection })
/** Functions that wait put here what lets them go on; tests find it under this name. */
const released = new Map<string, () => void>()
Object.assign(globalThis, { fixtureReleased: released })
let runs = 0

app.hook.appStart((context) => {
  Object.assign(context.hookData, { startedAt: 'appStart' })
  console.info('app starts')
})
app.hook.appTerminate((context) => {
  process.env.FIXTURE_TERMINATED = `after ${context.hookData.startedAt}, ${runs} runs`
})
app.hook.preInvocation((context) => {
  Object.assign(context.hookData, { name: context.invocationContext.functionName })
  const handler = context.functionHandler
  context.functionHandler = (input, invocation) => {
    runs += 1
    return handler(input, invocation)
  }
})
app.hook.postInvocation((context) => {
  const { name } = context.hookData as { name: string }
  if (name === 'mended') context.error = null
  if (name === 'mended') context.result = { status: 200, body: 'mended' }
})
app.hook.log((context) => {
  context.message = context.message.replaceAll('hush', '****')
})

app.http('echo', {
  methods: ['GET', 'POST', 'PUT'],
  authLevel: 'anonymous',
  route: 'echo/{name}/{extra?}',
  handler: async (request, context) => {
    context.log('hush now', request.params.name)
    return {
      status: 201,
      jsonBody: {
        method: request.method,
        path: new URL(request.url).pathname,
        params: request.params,
        query: Object.fromEntries(request.query),
        header: request.headers.get('x-test'),
        body: await request.text(),
        setting: process.env.FIXTURE_SETTING,
        trace: context.traceContext?.traceParent,
      },
      cookies: [{ name: 'a', value: 'b c', httpOnly: true, sameSite: 'Strict', maxAge: 60 }],
    }
  },
})
app.http('echo-fixed', { authLevel: 'anonymous', route: 'echo/fixed', handler: () => ({ body: 'fixed' }) })
app.http('echo-number', { authLevel: 'anonymous', route: 'echo/{id:int}', handler: () => ({ body: 'number' }) })
app.http('rest', {
  authLevel: 'anonymous',
  route: 'rest/{*rest}',
  handler: (request) => ({ jsonBody: request.params }),
})
app.http('guarded', { authLevel: 'function', handler: () => ({ body: 'in' }) })
app.http('master-only', { authLevel: 'admin', handler: () => ({ body: 'in' }) })
app.http('switched-off', { authLevel: 'anonymous', handler: () => ({ body: 'on' }) })
app.http('nothing', { authLevel: 'anonymous', handler: () => undefined as never })
app.http('broken', {
  authLevel: 'anonymous',
  handler: () => {
    throw new Error('inner text')
  },
})
app.http('mended', {
  authLevel: 'anonymous',
  handler: () => {
    throw new Error('mended by a hook')
  },
})
app.http('slow', {
  authLevel: 'anonymous',
  route: 'slow/{id}',
  handler: async (request) => {
    await new Promise<void>((resolve) => released.set(request.params.id ?? '', resolve))
    return { body: 'at last' }
  },
})
app.http('enqueue', {
  authLevel: 'anonymous',
  extraOutputs: [results],
  handler: (_request, context) => {
    context.extraOutputs.set(results, [{ n: 1 }, { n: 2 }, 'three'])
    return { status: 202 }
  },
})

app.timer('tick', {
  schedule: '%FIXTURE_SCHEDULE%',
  return: output.storageQueue({ queueName: 'ticks', connection }),
  handler: (timer, context) => {
    context.log(`tick ${JSON.stringify(timer)}`)
    return { isPastDue: timer.isPastDue, run: runs }
  },
})
app.timer('failing-tick', {
  schedule: '0 0 3 1 1 *',
  handler: () => {
    throw new Error('no tick')
  },
})

app.storageQueue('work', {
  queueName: 'work',
  connection,
  extraOutputs: [results],
  handler: async (message, context) => {
    const { id, fail = 0, waitFor } = message as { id: string; fail?: number; waitFor?: string }
    const attempt = Number(context.triggerMetadata?.dequeueCount)
    context.log(`work ${id} attempt ${attempt}`)
    if (waitFor !== undefined) await new Promise<void>((resolve) => released.set(waitFor, resolve))
    if (attempt <= fail) throw new Error(`${id} fails ${attempt}`)
    context.extraOutputs.set(results, { id, attempt, metadata: Object.keys(context.triggerMetadata ?? {}).sort() })
  },
})
