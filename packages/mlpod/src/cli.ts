import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { didYouMean, PodError } from '@mlpod/contract'
import { type Command, commonOptions, exitCode, type OptionValues, parseable, type Terminal } from './command.ts'
import { commands } from './commands/index.ts'
import { commandHelp, generalHelp } from './help.ts'
import { type ColourMode, styleOf } from './terminal/style.ts'
import { tellProblem } from './terminal/tell.ts'

/** Errors of the world outside: the store, the disk, the network, a port. */
const OUTSIDE = /^(OBJECT_|STORE_|DISK_|TRACK_|PORT_|POD_BUSY)/

/** Checks that came out wrong: the answer is no. */
const NO = new Set(['SELF_TEST_FAILED', 'SEAL_BROKEN'])

/** Returns the exit code that an error stands for. */
export function codeOf(error: unknown): number {
  if (error instanceof PodError) {
    if (NO.has(error.code)) return exitCode.no
    return OUTSIDE.test(error.code) ? exitCode.outside : error.code === 'UNEXPECTED' ? exitCode.bug : exitCode.usage
  }
  // what a call to the operating system throws speaks of the world, not of us
  return (error as NodeJS.ErrnoException | undefined)?.syscall === undefined ? exitCode.bug : exitCode.outside
}

/** Runs the command line and sets the exit code of the process; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const colour = colourAsked(argv)
  const terminal: Terminal = {
    stdout: process.stdout,
    stderr: process.stderr,
    out: styleOf(process.stdout, colour),
    err: styleOf(process.stderr, colour),
    colour,
    width: Math.min(120, Math.max(60, process.stdout.columns || 100)),
    json: argv.includes('--json'),
    quiet: argv.includes('--quiet') || argv.includes('-q'),
    debug: argv.includes('--debug'),
    cwd: process.cwd(),
    argv,
  }
  // a reader that closes the pipe early (`| head`) is no error
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(exitCode.done)
      throw error
    })
  try {
    process.exitCode = await dispatch(argv, terminal)
  } catch (error) {
    const code = codeOf(error)
    const root = podAbove(terminal.cwd)
    tellProblem(error, { ...terminal, debug: terminal.debug || code === exitCode.bug }, root ? { root } : {})
    if (code === exitCode.bug) await reportBug(error, terminal)
    process.exitCode = code
  }
}

/** The folder of the pod that a folder is in, so that errors show its code; no pod is loaded for that. */
function podAbove(folder: string): string | undefined {
  if (existsSync(join(folder, 'mlpod.config.ts'))) return folder
  return dirname(folder) === folder ? undefined : podAbove(dirname(folder))
}

/** Keeps what is known of a bug of ours, and says where. */
async function reportBug(error: unknown, { argv, stderr, err }: Terminal): Promise<void> {
  const { writeBugReport } = await import('./terminal/bugReport.ts')
  try {
    const file = writeBugReport(error, { argv, version: await version() })
    stderr.write(`\n  this is a bug of mlpod, not of your pod; what is known of it is in\n  ${err.bold(file)}\n`)
  } catch {
    stderr.write('\n  this is a bug of mlpod, not of your pod\n')
  }
}

const version = async (): Promise<string> =>
  (await import('../package.json', { with: { type: 'json' } })).default.version

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { name, rest } = splitCommand(argv)
  if (name === '--version' || name === '-v') {
    terminal.stdout.write(`${await version()}\n`)
    return exitCode.done
  }
  if (name === undefined || HELP.has(name)) {
    const { name: about } = splitCommand(rest.filter((word) => !word.startsWith('-')))
    const text = about ? commandHelp(commandOf(about), terminal.out) : generalHelp(commands, terminal.out)
    terminal.stdout.write(`${text}\n`)
    return name === undefined ? exitCode.usage : exitCode.done
  }
  const command = commandOf(name)
  const { values, positionals } = parse(command, rest)
  if (values.help) {
    terminal.stdout.write(`${commandHelp(command, terminal.out)}\n`)
    return exitCode.done
  }
  const run = await command.load()
  return run(values, positionals, terminal)
}

const HELP = new Set(['--help', '-h', 'help'])

/** Takes the command off the front of a command line: one word, or a noun and a verb. */
function splitCommand(argv: readonly string[]): {
  readonly name: string | undefined
  readonly rest: readonly string[]
} {
  const [noun, verb] = argv
  const pairs = commands.some(({ name }) => name.startsWith(`${noun} `))
  return pairs && verb !== undefined && !verb.startsWith('-')
    ? { name: `${noun} ${verb}`, rest: argv.slice(2) }
    : { name: noun, rest: argv.slice(1) }
}

/** Returns a command by its name. Throws `COMMAND_UNKNOWN`. */
function commandOf(name: string): Command {
  const found = commands.find((command) => command.name === name)
  if (found) return found
  const names = commands.map((command) => command.name)
  const verbs = names.filter((other) => other.startsWith(`${name} `))
  if (verbs.length > 0)
    throw new PodError('COMMAND_UNKNOWN', `mlpod ${name} needs a verb: ${verbs.join(', ')}`, { hint: 'mlpod --help' })
  throw new PodError('COMMAND_UNKNOWN', `mlpod has no command "${name}"${didYouMean(name, names)}`, {
    hint: 'mlpod --help',
  })
}

function parse(command: Command, args: readonly string[]): { values: OptionValues; positionals: readonly string[] } {
  const options = { ...command.options, ...commonOptions }
  const wrong = (message: string): PodError =>
    new PodError('OPTION_INVALID', message, { hint: `mlpod ${command.name} --help` })
  let parsed: { values: OptionValues; positionals: readonly string[] }
  try {
    const { values, positionals } = parseArgs({
      args: joinDashed(args, options),
      options: parseable(options),
      allowPositionals: command.positionals !== undefined,
      strict: true,
    })
    parsed = { values: values as OptionValues, positionals }
  } catch (error) {
    const { message, code } = error as Error & { code?: string }
    const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? message.match(/'--?([^'\s]+)'/)?.[1] : undefined
    throw wrong(
      unknown === undefined
        ? message.split(/\. |\.?\n/)[0]
        : `mlpod ${command.name} has no option "${unknown}"${didYouMean(unknown, Object.keys(options))}`,
    )
  }
  const { color = 'auto' } = parsed.values
  if (!COLOURS.has(String(color))) throw wrong(`--color takes ${[...COLOURS].join(', ')}, not "${color}"`)
  return parsed
}

/** Joins an option whose value may begin with a dash to that value: `--sort -auc` is `--sort=-auc`. */
function joinDashed(args: readonly string[], options: Command['options']): string[] {
  const joined: string[] = []
  for (let i = 0; i < args.length; i++) {
    const next = args[i + 1]
    const dashed = args[i].startsWith('--') && options[args[i].slice(2)]?.dashed
    if (dashed && next?.startsWith('-') && !next.startsWith('--')) joined.push(`${args[i]}=${args[++i]}`)
    else joined.push(args[i])
  }
  return joined
}

const COLOURS: ReadonlySet<string> = new Set(['auto', 'always', 'never'] satisfies ColourMode[])

/** Reads `--color` before anything is parsed, so that the parsing errors themselves are coloured right. */
function colourAsked(argv: readonly string[]): ColourMode {
  const at = argv.findIndex((arg) => arg === '--color' || arg.startsWith('--color='))
  const value = at < 0 ? 'auto' : argv[at].includes('=') ? argv[at].split('=')[1] : argv[at + 1]
  return value === 'always' || value === 'never' ? value : 'auto'
}
