/** What Table Storage answers instead of doing something: the codes and words of its published error list. */
export class TableRefusal extends Error {
  override readonly name = 'TableRefusal'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** The refusals that have no figures in their words. */
export const REFUSALS = {
  EntityAlreadyExists: [409, 'The specified entity already exists.'],
  TableAlreadyExists: [409, 'The table specified already exists.'],
  ResourceNotFound: [404, 'The specified resource does not exist.'],
  TableNotFound: [404, 'The table specified does not exist.'],
  UpdateConditionNotSatisfied: [412, 'The update condition specified in the request was not satisfied.'],
  EntityTooLarge: [400, 'The entity is larger than the maximum allowed size (1MB).'],
  PropertyValueTooLarge: [400, 'The property value exceeds the maximum allowed size (64KB).'],
  PropertyNameInvalid: [400, 'The property name is invalid.'],
  PropertyNameTooLong: [400, 'The property name exceeds the maximum allowed length (255).'],
  PropertiesNeedValue: [400, 'The values are not specified for all properties in the entity.'],
  TooManyProperties: [
    400,
    'The entity contains more properties than allowed. Each entity can include up to 252 properties to store data.',
  ],
  KeyValueTooLarge: [400, 'The key property exceeds the maximum allowed size (1KB).'],
  OutOfRangeInput: [400, "The 'PartitionKey' or 'RowKey' parameter is out of range."],
  InvalidDuplicateRow: [400, 'A command with RowKey is already present in the batch. An entity can appear only once.'],
  CommandsInBatchActOnDifferentPartitions: [
    400,
    'All commands in a batch must operate on same entity group (same table and PartitionKey).',
  ],
  RequestBodyTooLarge: [413, 'The request body is too large and exceeds the maximum permissible limit.'],
  MissingRequiredHeader: [400, 'An HTTP header that is mandatory for this request is not specified.'],
  InvalidInput: [400, 'One of the request inputs is not valid.'],
  NotImplemented: [501, 'The requested operation is not implemented on the specified resource.'],
  ServerBusy: [503, 'The server is currently unable to receive requests. Please retry your request.'],
  OperationTimedOut: [500, 'Operation could not be completed within the specified time.'],
  InternalError: [500, 'Server encountered an internal error. Please try again after some time.'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>

/** A refusal by its code. */
export function refusalOf(code: keyof typeof REFUSALS): TableRefusal {
  const [status, message] = REFUSALS[code]
  return new TableRefusal(status, code, message)
}
