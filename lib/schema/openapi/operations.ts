import type { RouteId } from '../../door/routes.ts'
import { gateOperations, recordOperations, reportOperations } from './governance.ts'
import { houseOperations } from './house.ts'
import type { OperationOf } from './operation.ts'
import { quarantineOperations } from './quarantine.ts'
import { manifestOperations, rolloutOperations, serviceOperations } from './services.ts'

/** Every operation of the table of routes, described: one that is not does not compile. */
export const OPERATIONS: { readonly [Id in RouteId]: OperationOf<Id> } = {
  ...serviceOperations,
  ...manifestOperations,
  ...rolloutOperations,
  ...gateOperations,
  ...recordOperations,
  ...reportOperations,
  ...quarantineOperations,
  ...houseOperations,
}
