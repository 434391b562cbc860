import { createRequire } from 'node:module'

interface List<T> {
  readonly Count: number
  getItem(index: number): T
}
interface Named {
  readonly Name: string
}
interface Code {
  readonly ResultType: { readonly Columns?: List<Named & { readonly Type: Named }> } | null
  GetDiagnostics(): List<{ readonly Code: string; readonly Message: string }>
  GetLexicalTokens(): readonly { readonly Kind: number; readonly Text: string }[]
}
type ColumnType = 'String' | 'Int' | 'Long' | 'Real' | 'Bool' | 'DateTime' | 'Dynamic'
type Constructor = new (...args: readonly unknown[]) => object

/** The few parts of Kusto.Language that are used here; the package declares them as globals of a .NET bridge. */
interface KustoLanguage {
  readonly Symbols: {
    readonly ScalarTypes: Readonly<Record<ColumnType, object>>
    readonly ColumnSymbol: Constructor
    readonly TableSymbol: { readonly $ctor4: Constructor }
    readonly DatabaseSymbol: { readonly ctor: Constructor }
  }
  readonly GlobalState: { readonly Default: { WithDatabase(database: object): object } }
  readonly KustoCode: { ParseAndAnalyze(text: string, globals: object): Code }
  readonly KustoFacts: { GetStringLiteralValue(literal: string): string }
  readonly Syntax: { readonly SyntaxKind: { readonly StringLiteralToken: number } }
}

/** The documented columns. https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerapphttplogs */
const CONTAINER_APP_HTTP_LOGS: Readonly<Record<string, ColumnType>> = {
  TimeGenerated: 'DateTime',
  StartTime: 'DateTime',
  ContainerAppName: 'String',
  RevisionName: 'String',
  ReplicaName: 'String',
  EnvironmentName: 'String',
  _ResourceId: 'String',
  Method: 'String',
  Path: 'String',
  Authority: 'String',
  Protocol: 'String',
  StatusCode: 'Int',
  RequestDuration: 'Long',
  ResponseFlags: 'String',
  ResponseCodeDetails: 'String',
  UpstreamRequestAttemptCount: 'Int',
  UpstreamHost: 'String',
  BytesSent: 'Long',
  BytesReceived: 'Long',
  RequestId: 'String',
  ConnectionId: 'String',
  UserAgent: 'String',
  XForwardedFor: 'String',
}

/** The documented columns. https://learn.microsoft.com/azure/azure-monitor/reference/tables/apprequests */
const APP_REQUESTS: Readonly<Record<string, ColumnType>> = {
  AppRoleInstance: 'String',
  AppRoleName: 'String',
  AppVersion: 'String',
  _BilledSize: 'Real',
  ClientBrowser: 'String',
  ClientCity: 'String',
  ClientCountryOrRegion: 'String',
  ClientIP: 'String',
  ClientModel: 'String',
  ClientOS: 'String',
  ClientStateOrProvince: 'String',
  ClientType: 'String',
  DurationMs: 'Real',
  Id: 'String',
  IKey: 'String',
  _IsBillable: 'String',
  ItemCount: 'Int',
  Measurements: 'Dynamic',
  Name: 'String',
  OperationId: 'String',
  OperationName: 'String',
  ParentId: 'String',
  Properties: 'Dynamic',
  ReferencedItemId: 'String',
  ReferencedType: 'String',
  ResourceGUID: 'String',
  _ResourceId: 'String',
  ResultCode: 'String',
  SDKVersion: 'String',
  SessionId: 'String',
  Source: 'String',
  SourceSystem: 'String',
  _SubscriptionId: 'String',
  Success: 'Bool',
  SyntheticSource: 'String',
  TenantId: 'String',
  TimeGenerated: 'DateTime',
  Type: 'String',
  Url: 'String',
  UserAccountId: 'String',
  UserAuthenticatedId: 'String',
  UserId: 'String',
}

const kusto = loadKusto()
const globals = kusto.GlobalState.Default.WithDatabase(workspace())

/** What the language service objects to in a query text, against the documented schema; empty when it is right. */
export function objectionsTo(text: string): readonly string[] {
  const found = kusto.KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics()
  return items(found).map((diagnostic) => `${diagnostic.Code} ${diagnostic.Message}`)
}

/** The columns of the text's answer as `name:type`. */
export function columnsOf(text: string): readonly string[] {
  const columns = kusto.KustoCode.ParseAndAnalyze(text, globals).ResultType?.Columns
  return columns === undefined ? [] : items(columns).map((column) => `${column.Name}:${column.Type.Name}`)
}

/** The text as the lexer sees it; a string literal has its `value`, every other token null. */
export function tokensOf(text: string): readonly { readonly text: string; readonly value: string | null }[] {
  const tokens = kusto.KustoCode.ParseAndAnalyze(text, globals).GetLexicalTokens()
  return tokens.map((token) => {
    const isString = token.Kind === kusto.Syntax.SyntaxKind.StringLiteralToken
    return { text: token.Text, value: isString ? kusto.KustoFacts.GetStringLiteralValue(token.Text) : null }
  })
}

function loadKusto(): KustoLanguage {
  const load = createRequire(import.meta.url)
  load('@kusto/language-service-next/bridge.min.js')
  load('@kusto/language-service-next/Kusto.Language.Bridge.min.js')
  return (globalThis as unknown as { readonly Kusto: { readonly Language: KustoLanguage } }).Kusto.Language
}

function workspace(): object {
  const { ScalarTypes, ColumnSymbol, TableSymbol, DatabaseSymbol } = kusto.Symbols
  const table = (name: string, columns: Readonly<Record<string, ColumnType>>) => {
    const symbols = Object.entries(columns).map(
      ([column, type]) => new ColumnSymbol(column, ScalarTypes[type], null, null, null, null),
    )
    return new TableSymbol.$ctor4(name, symbols)
  }
  const tables = [table('ContainerAppHTTPLogs', CONTAINER_APP_HTTP_LOGS), table('AppRequests', APP_REQUESTS)]
  return new DatabaseSymbol.ctor('workspace', tables)
}

function items<T>(list: List<T>): readonly T[] {
  return Array.from({ length: list.Count }, (_, index) => list.getItem(index))
}
