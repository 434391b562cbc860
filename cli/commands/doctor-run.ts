import type { DoctorReport, Finding } from '../../lib/api.ts'
import type { Run } from '../call.ts'
import { EXIT } from '../exit.ts'
import { connect } from '../http.ts'
import type { Io } from '../io.ts'
import { coloured, hanging } from '../terminal.ts'
import { clean, sign } from '../words.ts'

/** `slipway doctor`: what is not set up as it must be, with the command that mends it. Exit code 1 where there is an error. */
export const run: Run = async ({ io, options }) => {
  const api = connect(io, options)
  const { body } = await api.ask({ path: '/v1/doctor', timeoutMs: 120_000 })
  const report = body as DoctorReport
  if (options.json === true) io.write(JSON.stringify(report))
  else {
    io.write(report.findings.flatMap((finding) => findingLines(io, finding)).join('\n'))
    io.talk(summaryOf(report))
  }
  return report.findings.some(({ result }) => result === 'error') ? EXIT.error : EXIT.ok
}

function findingLines(io: Io, { check, subject, result, message, fix }: Finding): readonly string[] {
  const mark = result === 'ok' ? sign(io, 'good') : result === 'error' ? sign(io, 'bad') : sign(io, 'warning')
  const head = `${mark} ${coloured(io, 'bold', `${clean(check, 60)} ${clean(subject, 100)}`)} `
  // A command is one line, however long: it is there to be copied.
  const cure = fix === null ? [] : [`  ${coloured(io, 'cyan', clean(fix, 4000))}`]
  return [...hanging(head, clean(message, 1000), 2, Math.min(110, io.size().columns)), ...cure]
}

function summaryOf({ findings }: DoctorReport): string {
  const count = (wanted: Finding['result']) => findings.filter(({ result }) => result === wanted).length
  return `${findings.length} checked: ${count('ok')} in order, ${count('warning')} to look at, ${count('error')} wrong, ${count('unknown')} not known`
}
