import type { TokenCredential } from '@azure/identity'

/** A token that is good for ever: who asks is not looked at here. */
export const CREDENTIAL: TokenCredential = {
  getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
}
