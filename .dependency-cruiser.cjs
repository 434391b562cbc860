/** One rule a wall, one sentence a rule. The rooms and their walls are drawn in ARCHITECTURE.md. */
const wall = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
})

const CORE = '^lib/core/'
const PORTS = '^lib/(ports[a-z-]*|errors)\\.ts$'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans-of-resolve',
      comment: 'Every import must be found.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@azure/functions-core$' },
    },
    wall('core-is-pure', 'The mind imports only itself: no package, no node, no clock.', '^lib/core/', [CORE]),
    wall('errors-stand-alone', 'Everybody may throw a Fault, so it needs nobody.', '^lib/errors\\.ts$', ['^$']),
    wall('ports-are-types', 'Sockets speak in the words of the core.', '^lib/ports[a-z-]*\\.ts$', [CORE, PORTS]),
    wall(
      'schema-is-a-desk',
      'Untrusted text becomes typed values here, with parsers and nothing else.',
      '^lib/schema/',
      [
        CORE,
        '^lib/schema/',
        PORTS,
        '^lib/api\\.ts$',
        '^lib/door/(routes|parameters|problem)\\.ts$',
        'node_modules/(zod|yaml|semver|@types/semver|croner)/',
      ],
    ),
    wall('engine-joins-core-and-ports', 'The wheel knows the mind and the sockets, never a plug.', '^lib/engine/', [
      CORE,
      PORTS,
      '^lib/engine/',
    ]),
    wall(
      'adapters-keep-to-themselves',
      'A plug knows its vendor and its socket, never another plug.',
      '^lib/adapters/([^/]+)/',
      [CORE, PORTS, '^lib/adapters/$1/', 'node_modules/', '^[a-z_]+(/promises)?$'],
    ),
    wall('door-knows-http', 'The doorframe knows requests and refusals, not what lies behind them.', '^lib/door', [
      '^lib/door',
      '^lib/core/(caller|facts|people)\\.ts$',
      '^lib/api\\.ts$',
      '^lib/schema/',
      '^lib/errors\\.ts$',
      'node_modules/@azure/functions/',
      '^(node:)?(crypto|fs/promises)$',
    ]),
    wall('doors-are-thin', 'A door parses, calls and replies.', '^functions/', [
      '^lib/engine/',
      '^lib/schema/',
      '^lib/wiring\\.ts$',
      '^lib/door',
      PORTS,
      'node_modules/@azure/functions/',
    ]),
    wall(
      'sim-is-outside',
      'The pretend Azure knows the sockets, never the plugs or the engine that it is to test.',
      '^sim/(?!runner\\.ts|start/|trial/((errands|footing|ground|monitor|sinks|sockets|time|workers)\\.ts|wire/))',
      ['^sim/', CORE, PORTS, 'node_modules/', '^[a-z_]+(/promises)?$'],
    ),
    wall(
      'history-is-an-outsider',
      'Whoever checks a trace knows what is documented of it, and none of the code that wrote it.',
      '^sim/history/',
      ['^sim/history/', '^[a-z_]+(/promises)?$'],
    ),
    wall(
      'runner-may-run-the-engine',
      'The runner, and what puts workers of a trial to work, bring engine and world on one stage.',
      '^sim/(runner|trial/(errands|footing|ground|monitor|sinks|sockets|time|workers))\\.ts$',
      ['^sim/', CORE, PORTS, '^lib/engine/', '^(node:)?[a-z_]+$'],
    ),
    wall(
      'wire-carries-the-real-plugs',
      'Beneath a trial stand the real store and the real way to ARM, with their SDKs and nothing else of the product.',
      '^sim/trial/wire/',
      [
        '^sim/',
        CORE,
        PORTS,
        '^lib/adapters/(store|apps)/',
        'node_modules/@azure/(data-tables|arm-appcontainers|identity)/',
      ],
    ),
    wall(
      'cli-asks-and-prints',
      'The command reads files and HTTP, asks the mind or the seeded streams, and prints; it knows no plug and no engine.',
      '^cli/',
      [
        '^cli/',
        CORE,
        '^lib/api\\.ts$',
        '^lib/schema/',
        '^sim/(streams/|chance\\.ts$)',
        'node_modules/commander/',
        '^(node:)?[a-z_]+(/promises)?$',
      ],
    ),
    wall(
      'api-is-types',
      'What clients know of the service is types of the core, and nothing that runs.',
      '^lib/api\\.ts$',
      [CORE],
    ),
    wall('dashboard-sees-http-only', 'The page knows the bodies of the API and its own libraries.', '^dashboard/', [
      '^dashboard/',
      '^lib/api\\.ts$',
      'node_modules/(preact|uplot)/',
    ]),
    {
      name: 'functions-sdk-stays-at-the-door',
      comment: 'Only doors know @azure/functions.',
      severity: 'error',
      from: { pathNot: '^(functions/|lib/door|test/|sim/host/)' },
      to: { path: 'node_modules/@azure/functions/' },
    },
    {
      name: 'product-needs-no-tests',
      comment: 'Nothing that ships may import a test or the simulator.',
      severity: 'error',
      from: { path: '^(lib|functions)/' },
      to: { path: '^(test|sim|bench|scripts)/' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      conditionNames: ['import', 'node', 'types', 'default'],
      exportsFields: ['exports'],
    },
  },
}
