/** The answer of an ARM that says no: HTTP status, Azure's error code and words, and the wait it asks for. */
export class ArmRefusal extends Error {
  override readonly name = 'ArmRefusal'
  readonly status: number
  readonly code: string
  readonly retryAfterS: number | null

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.status = refusal.status
    this.code = refusal.code
    this.retryAfterS = refusal.retryAfterS ?? null
  }
}

/** What a refusal says, as data: the shape in which stories order one. */
export interface Refusal {
  /** 0: no answer at all, the connection is cut. */
  readonly status: number
  readonly code: string
  readonly message: string
  readonly retryAfterS?: number
}

/** A 400 in Azure's manner. */
export function badRequest(code: string, message: string): ArmRefusal {
  return new ArmRefusal({ status: 400, code, message })
}

/** The 404 of ARM for a resource that is not there. */
export function notFound(type: string, name: string, resourceGroup: string): ArmRefusal {
  const message = `The Resource '${type}/${name}' under resource group '${resourceGroup}' was not found.`
  return new ArmRefusal({ status: 404, code: 'ResourceNotFound', message })
}
