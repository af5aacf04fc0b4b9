/**
 * The table: every method over the same visits. node table.mjs PEERS [visits] [places] [methods] -> one JSON object a row on
 * standard output, in order; `anchoring.py` starts it and sets the rows out.
 */
import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { loadLocar } from './locar.mjs'
import { makeRow, METHODS } from './rows.mjs'

const MARKS_M = [0.1, 1, 5, 15]
/** What goes wrong on purpose, beside the noise. */
const TROUBLES = [{ compass_off_deg: 40 }, { stray: [60, 90] }, { fix_stays_s: 15 }, { fix_stays_s: 60 }]

function listTasks(places, methods) {
  const tasks = []
  for (const place of places) {
    for (const method of methods) {
      for (const mark_m of METHODS[method].marks ? MARKS_M : [0.1]) tasks.push({ method, place, options: { mark_m } })
    }
  }
  const troubled = methods.filter((method) => ['locar', 'none', 'three'].includes(method))
  const harsh = places.includes('urban') ? TROUBLES : []
  for (const options of harsh) {
    for (const method of troubled) tasks.push({ method, place: 'urban', options: { mark_m: 0.1, ...options } })
  }
  return tasks
}

async function work() {
  const { peers, visits } = workerData
  const locar = await loadLocar(peers)
  const seeds = Array.from({ length: visits }, (_, i) => i + 1)
  parentPort.on('message', ({ number, task }) => {
    const row = makeRow(task.method, task.place, task.options, seeds, { locar })
    parentPort.postMessage({ number, row })
  })
  parentPort.postMessage(null)
}

async function main() {
  const [peers, visits = '200', places = 'good,urban', methods = Object.keys(METHODS).join(',')] = process.argv.slice(2)
  const tasks = listTasks(places.split(','), methods.split(','))
  const rows = []
  let next = 0
  const workers = Array.from({ length: Math.min(availableParallelism(), tasks.length) }, () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { peers, visits: Number(visits) } })
    return new Promise((done, fail) => {
      worker.on('error', fail)
      worker.on('message', (answer) => {
        if (answer !== null) rows[answer.number] = answer.row
        if (next < tasks.length) worker.postMessage({ number: next, task: tasks[next++] })
        else done(worker.terminate())
      })
    })
  })
  await Promise.all(workers)
  for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
}

await (isMainThread ? main() : work())
