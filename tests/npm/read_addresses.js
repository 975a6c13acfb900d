// usage: read_addresses.js FILE
//
// Each line of the file is a JSON object: the address of an authenticator app as "uri", and what it
// was made of. Prints a line for each that the package "otpauth" reads otherwise, then
// "N addresses"; the exit status is 1 when any was bad.
import { readFileSync } from 'node:fs';
import { URI, TOTP } from 'otpauth';

let bad = 0;
const lines = readFileSync(process.argv[2], 'utf8').trimEnd().split('\n');
for (const line of lines) {
	const { uri, ...given } = JSON.parse(line);
	try {
		const totp = URI.parse(uri);
		const found = {
			issuer: totp.issuer, label: totp.label, secret: totp.secret.base32,
			algorithm: totp.algorithm, digits: totp.digits, period: totp.period,
		};
		if (!(totp instanceof TOTP))
			throw new Error('it is not TOTP');
		for (const name of new Set([...Object.keys(found), ...Object.keys(given)])) {
			if (found[name] !== given[name])
				throw new Error(`${name} is ${JSON.stringify(found[name])}, was ${JSON.stringify(given[name])}`);
		}
	} catch (error) {
		console.log(`${uri}: ${error.message}`);
		bad++;
	}
}
console.log(`${lines.length} addresses`);
process.exitCode = bad > 0 ? 1 : 0;
