import { signInLink } from '../api.ts'
import { Logo } from './logo.tsx'

/** Asks a stranger to sign in, and brings them to where they wanted to be, or back to where they were. */
export function SignIn({ hasEnded }: { readonly hasEnded: boolean }) {
  return (
    <main class="sign-in" id="main">
      <div class="sign-in-box">
        <Logo size={44} />
        <h1>{hasEnded ? 'Your session has ended' : 'Sign in to Slipway'}</h1>
        <p class="muted">
          {hasEnded
            ? 'Sign in again: nothing was lost, and you come back to where you were.'
            : 'What you see and what you may do depends on who you are here.'}
        </p>
        <a class="button primary" href={signInLink(`${location.pathname}${location.hash}`)}>
          Sign in
        </a>
      </div>
    </main>
  )
}
