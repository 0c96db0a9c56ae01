// Every CSAF document of a folder against the schema and the mandatory tests; a broken one must be refused.
import { readdirSync, readFileSync } from 'node:fs'
import validate from '@secvisogram/csaf-validator-lib/validate.js'
import * as schema from '@secvisogram/csaf-validator-lib/schemaTests.js'
import * as mandatory from '@secvisogram/csaf-validator-lib/mandatoryTests.js'

const tests = [...Object.values(schema), ...Object.values(mandatory)]
const dir = process.argv[2]
let seen = 0
let document
for (const name of readdirSync(dir).sort()) {
  document = JSON.parse(readFileSync(`${dir}/${name}`))
  const verdict = await validate(tests, document)
  const failed = verdict.tests.filter((t) => !t.isValid)
  if (failed.length > 0) {
    console.log(name, document.document.tracking.id, failed[0].name, JSON.stringify(failed[0].errors).slice(0, 300))
    process.exit(1)
  }
  seen += 1
}
document.vulnerabilities[0].product_status = { known_affected: ['NOWHERE'] }
if ((await validate(tests, document)).isValid) {
  console.log('a product that is nowhere defined is taken: nothing is judged')
  process.exit(1)
}
console.log(`${seen} documents, the broken one refused`)
