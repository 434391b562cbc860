import { app } from '@azure/functions'
import { beginSignIn, endSignIn, signOut } from '../lib/door/sign-in.ts'
import { ALL_METHODS, door, problem } from '../lib/door.ts'
import { signIn } from '../lib/wiring.ts'

/** Signing in to the dashboard and out again: `sign-in` leads to the issuer of tokens, `callback` back from it. */
app.http('auth', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'auth/{step}',
  handler: door({ methods: ['GET', 'POST'], takesCode: true, authorize }, async (visit) => {
    const { method, params, headers } = visit
    const ready = await signIn()
    if (ready === null) {
      const detail = 'Nobody can sign in here by browser: SLIPWAY_SIGN_IN or SLIPWAY_PUBLIC_URL is not set.'
      return problem(404, 'not-found', `${detail} See docs/sign-in.md.`)
    }
    ready.meet(headers)
    const { step } = params
    if (method === 'POST' && step === 'sign-out') return signOut(ready, visit)
    if (method === 'GET' && step === 'sign-in') return beginSignIn(ready, visit)
    if (method === 'GET' && step === 'callback') return endSignIn(ready, visit)
    const right = STEPS[step ?? '']
    if (right === undefined) return problem(404, 'not-found', 'There are GET sign-in, GET callback and POST sign-out.')
    return problem(405, 'method-not-allowed', `${method} is not allowed here. Use ${right}.`, {
      headers: { allow: right },
    })
  }),
})

const STEPS: Readonly<Record<string, string>> = { 'sign-in': 'GET', callback: 'GET', 'sign-out': 'POST' }

/** Everybody may sign in. What is wrong with the settings is for the log, and not for strangers. */
async function authorize(): Promise<boolean> {
  await signIn()
  return true
}
