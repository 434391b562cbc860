/** One step of an SDK's pipeline, as far as it is needed here. */
export interface Step {
  readonly name: string
  sendRequest<Request extends { readonly method: string }, Response>(
    request: Request,
    next: (request: Request) => Promise<Response>,
  ): Promise<Response>
}

/**
 * Asks a second time where a connection that was kept had been closed at the other end, which shows only when it is used
 * (ECONNRESET, EPIPE). Reads only: whether a write was done before the reset, nobody can tell.
 */
export const readAgainAfterReset: Step = {
  name: 'readAgainAfterReset',
  sendRequest: async (request, next) => {
    try {
      return await next(request)
    } catch (error) {
      const { code } = error as { readonly code?: unknown }
      if (request.method !== 'GET' || (code !== 'ECONNRESET' && code !== 'EPIPE')) throw error
      return next(request)
    }
  },
}
