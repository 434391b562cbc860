import { describe, expect, it } from 'vitest'
import { misfits } from '../../lib/schema/fits.ts'
import { readManifest } from '../../lib/schema/manifest.ts'
import { readSettings, type Settings } from '../../lib/schema/settings.ts'
import { LEAST, said } from './texts.ts'

const WORKSPACE = '6f1d2c3b-0000-4000-8000-000000000001'
const EVERYTHING = {
  logWorkspaceId: WORKSPACE,
  prometheusUrl: 'http://127.0.0.1:9090',
  httpOrigins: { 'https://figures.example.com': ['kpi-figures'], 'http://127.0.0.1:8081/': ['kpi-local'] },
}

function installation(production: object): Settings {
  const read = readSettings({
    SLIPWAY_ENVIRONMENTS: JSON.stringify({ production }),
    SLIPWAY_STORAGE__tableServiceUri: 'https://rides.table.core.windows.net',
    SLIPWAY_STORAGE__queueServiceUri: 'https://rides.queue.core.windows.net',
    SLIPWAY_KEY_VAULT_URL: 'https://rides.vault.azure.net',
    SLIPWAY_REGISTRIES: '{"registry.example.com": {"auth": "acr"}}',
  })
  return read.ok ? read.settings : (expect.unreachable('the settings are wrong') as never)
}

/** What does not fit of a manifest whose second KPI comes from `source`. */
function lacks(source: string, production: object, text = LEAST): readonly string[] {
  const kpis = `[{ name: first, uptime: { target: 99% }, source: probe }, { name: it, uptime: { target: 99% }, source: ${source} }]`
  const manifest = `${text}analysis: { kpis: ${kpis} }\n`
  const read = readManifest(manifest)
  if (!read.ok) return expect.unreachable(said(manifest).join('\n')) as never
  return misfits(read.manifest, installation(production)).map(({ path, message }) => `${path}: ${message}`)
}

describe('a manifest fits its installation', () => {
  it.each([
    'azure-logs',
    'azure-metrics',
    'app-insights',
    'prometheus',
    'probe',
    '{ http: { url: "https://figures.example.com/a/b" } }',
    '{ http: { url: "https://figures.example.com/a/b", secret: kpi-figures } }',
    '{ http: { url: "https://FIGURES.example.com:443/a" } }',
    '{ http: { url: "http://127.0.0.1:8081/a" } }',
  ])('with a KPI from %s where the environment has everything', (source) => {
    expect(lacks(source, EVERYTHING)).toEqual([])
  })

  it.each(['azure-metrics', 'probe'])('with a KPI from %s, which needs no setting', (source) => {
    expect(lacks(source, {})).toEqual([])
  })

  it.each([
    ['azure-logs', 'logWorkspaceId', 'azure-logs'],
    ['app-insights', 'logWorkspaceId', 'app-insights'],
    ['prometheus', 'prometheusUrl', 'prometheus'],
    ['{ http: { url: "https://figures.example.com/a" } }', 'https://figures.example.com among its httpOrigins', 'http'],
  ])('not with a KPI from %s where that is not set up', (source, lack, kind) => {
    expect(lacks(source, {})).toEqual([
      `analysis.kpis[1].source: environment \`production\` has no ${lack}, which \`${kind}\` needs; set it in SLIPWAY_ENVIRONMENTS`,
    ])
  })

  it.each([
    'http://figures.example.com/a',
    'https://figures.example.com:8443/a',
    'https://figures.example.com.evil.example/a',
    'https://evil.example/figures.example.com',
    'http://127.0.0.1:8080/a',
  ])('not with a KPI from %s, whose origin is another', (url) => {
    expect(lacks(`{ http: { url: "${url}" } }`, EVERYTHING)).toEqual([
      expect.stringContaining(`has no ${new URL(url).origin} among its httpOrigins`),
    ])
  })

  it.each(['kpi-local', 'kpi-other'])('not with the secret %s, which is not for that origin', (secret) => {
    expect(lacks(`{ http: { url: "https://figures.example.com/a", secret: ${secret} } }`, EVERYTHING)).toEqual([
      `analysis.kpis[1].source: environment \`production\` has no secret ${secret} for https://figures.example.com in its httpOrigins, which \`http\` needs; set it in SLIPWAY_ENVIRONMENTS`,
    ])
  })

  it('not in an environment or from a registry that nobody set up; its sources are not looked at then', () => {
    const elsewhere = LEAST.replace('production', 'prodution').replace('registry.example.com', 'other.example.com')
    expect(lacks('prometheus', {}, elsewhere)).toEqual([
      expect.stringMatching(/^environment: `prodution` is not an environment .* Did you mean `production`\?/),
      expect.stringMatching(/^image\.registry: `other\.example\.com` is not on the allow-list/),
    ])
  })
})
