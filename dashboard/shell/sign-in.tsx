import { signInLink } from '../api.ts'
import { Logo } from './logo.tsx'

/** Asks a stranger to sign in, and brings them back to where they were. */
export function SignIn() {
  return (
    <main class="sign-in" id="main">
      <div class="sign-in-box">
        <Logo size={44} />
        <h1>Sign in to Slipway</h1>
        <p class="muted">
          You are not signed in, or your session has ended. Nothing was lost: you come back to where you were.
        </p>
        <a class="button primary" href={signInLink(`${location.pathname}${location.hash}`)}>
          Sign in
        </a>
      </div>
    </main>
  )
}
