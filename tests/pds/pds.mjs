// A real Bluesky server for the tests: PDS and PLC in one process, on loopback, with data in a folder that is removed.
// Usage: node pds.mjs [--pds PORT] [--plc PORT] [--idle SECONDS]
// Port 0 takes a free one. When it is ready it prints one line of JSON: {"ready":true,"pds":URL,"plc":URL,"pid":PID}.
// It ends on SIGTERM or SIGINT, when its standard input closes (--stdin), or after --idle seconds without a request.
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    pds: { type: 'string', default: '0' },
    plc: { type: 'string', default: '0' },
    idle: { type: 'string', default: '0' },
    stdin: { type: 'boolean', default: false },
  },
})

// The servers would listen on every address of the machine; tests must be reachable from this machine alone.
const listen = http.Server.prototype.listen
http.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, '127.0.0.1', ...rest)
}

// Their data goes into the system's temporary folder: give them one of our own, and remove it at the end.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vigie-test-pds-'))
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
const port = async (wanted) => Number(wanted) || (await free())

const { TestNetworkNoAppView } = await import('@atproto/dev-env')
const network = await TestNetworkNoAppView.create({
  plc: { port: await port(values.plc) },
  pds: { port: await port(values.pds), hostname: 'localhost' },
})

let last = Date.now()
network.pds.server.server?.on('request', () => {
  last = Date.now()
})
let closing = false
async function end() {
  if (closing) return
  closing = true
  setTimeout(() => process.exit(0), 5000).unref()
  await network.close().catch(() => {})
  process.exit(0)
}
process.on('SIGTERM', end)
process.on('SIGINT', end)
if (values.stdin) process.stdin.on('end', end).resume()
if (Number(values.idle) > 0) {
  setInterval(() => Date.now() - last > Number(values.idle) * 1000 && end(), 5000).unref()
}

console.log(JSON.stringify({ ready: true, pds: network.pds.url, plc: network.plc.url, pid: process.pid }))
