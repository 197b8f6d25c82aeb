// A whole Bluesky network for the tests: PLC, PDS, app view and moderation in one process, on loopback.
// Usage: node network.mjs --postgres URL [--idle SECONDS]
// URL is a PostgreSQL in which databases may be made: a fresh one is, and it is dropped at the end. Redis (redis-server)
// is started beside it, without anything kept. When the network is ready it prints one line of JSON:
// {"ready":true,"pds":URL,"bsky":URL,"plc":URL,"pid":PID}.
// It ends on SIGTERM or SIGINT, when PostgreSQL or Redis does, or after --idle seconds without a request.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'

const { values } = parseArgs({ options: { postgres: { type: 'string' }, idle: { type: 'string', default: '0' } } })
if (!values.postgres) throw new Error('--postgres URL is missing')

// The servers would listen on every address of the machine; tests must be reachable from this machine alone.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (first, ...rest) {
  const port = typeof first === 'string' ? Number(first) : first
  if (Number.isInteger(port)) return listen.call(this, port, '127.0.0.1', ...rest.filter((one) => typeof one === 'function'))
  if (first && typeof first === 'object' && 'port' in first && !first.host) {
    return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest)
  }
  return listen.call(this, first, ...rest)
}

// Their data goes into the system's temporary folder: give them one of our own, and remove it at the end.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vigie-test-bluesky-network-'))
process.env.TMPDIR = folder
process.env.LOG_ENABLED ??= 'false'
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

const free = () =>
  new Promise((resolve, reject) => {
    const probe = net.createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

let closing = false
let network
let redis
let postgres
const database = `bluesky_${process.pid}_${Date.now()}`
async function end(code = 0) {
  if (closing) return
  closing = true
  setTimeout(() => process.exit(code), 10_000).unref()
  await network?.close().catch(() => {})
  await postgres?.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`).catch(() => {})
  redis?.kill('SIGKILL')
  process.exit(code)
}
process.on('SIGTERM', () => end())
process.on('SIGINT', () => end())
process.on('exit', () => redis?.kill('SIGKILL'))

function ended(what) {
  if (closing) return
  console.error(`${what} ended: so does the network`)
  end(1)
}

// It says when it is ready to accept connections.
async function startRedis(port) {
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  redis = spawn('redis-server', args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
  redis.on('error', (error) => ended(`redis-server (${error.message})`))
  redis.on('exit', () => ended('Redis'))
  await new Promise((resolve) => redis.stdout.on('data', (said) => `${said}`.includes('eady to accept') && resolve()))
}

const redisPort = await free()
await startRedis(redisPort)
postgres = new pg.Client({ connectionString: values.postgres })
postgres.on('error', () => ended('PostgreSQL'))
postgres.on('end', () => ended('PostgreSQL'))
await postgres.connect()
await postgres.query(`CREATE DATABASE ${database}`)
const url = new URL(values.postgres)
url.pathname = `/${database}`
process.env.DB_POSTGRES_URL = url.href
process.env.REDIS_HOST = `127.0.0.1:${redisPort}`

const { TestNetwork } = await import('@atproto/dev-env')
network = await TestNetwork.create({
  dbPostgresSchema: 'vigie',
  plc: { port: await free() },
  pds: { port: await free(), hostname: 'localhost', enableDidDocWithSession: true },
  bsky: { port: await free() },
  ozone: { port: await free() },
})

let last = Date.now()
network.pds.server.server?.on('request', () => {
  last = Date.now()
})
if (Number(values.idle) > 0) {
  setInterval(() => Date.now() - last > Number(values.idle) * 1000 && end(), 5000).unref()
}

console.log(
  JSON.stringify({ ready: true, pds: network.pds.url, bsky: network.bsky.url, plc: network.plc.url, pid: process.pid }),
)
