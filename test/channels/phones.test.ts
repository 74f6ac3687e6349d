import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import t from 'tap';
import { isOwnInternational, judgeInternational } from '../../src/channels/numbering-plans.ts';
import { readCustomerPhone, readPhone } from '../../src/channels/phones.ts';

t.test('a recipient is sent as bare digits with country code', async (t) => {
  const cases: [string, CountryCode | undefined, string][] = [
    ['+972-54-444-4444', undefined, '972544444444'],
    ['00972544444444', undefined, '972544444444'],
    ['972544444444', undefined, '972544444444'],
    ['(+972) [54] 444 4444', undefined, '972544444444'],
    ['+972\u00a054\u2011444\u20134444', undefined, '972544444444'],
    ['+972 (0)54-444-4444', undefined, '972544444444'],
    ['+1 212 555 1234', 'IL', '12125551234'],
    ['0012125551234', 'IL', '12125551234'],
    ['054-444-4444', 'IL', '972544444444'],
    ['544444444', 'IL', '972544444444'],
    ['972544444444', 'IL', '972544444444'],
    ['447911123456', 'US', '447911123456'],
    ['(212) 555-1234', 'US', '12125551234'],
    ['12125551234', 'US', '12125551234'],
    ['06 1234 5678', 'IT', '390612345678'],
  ];
  for (const [text, country, digits] of cases) t.strictSame(readPhone(text, country), { digits }, `${text} ${country}`);
});

t.test('a recipient that is no possible number is refused', async (t) => {
  const texts = ['', '+', 'call me', '054-444-4444', '+97254', '+972544444444444444', '+0544444444', '++972544444444'];
  for (const text of [...texts, '+972544444444x', '+972.54.444.4444', '٠٥٤٤٤٤٤٤٤٤', '9'.repeat(60)]) {
    t.match(readPhone(text, undefined), { problem: /^must be a possible phone number with country code/ }, text);
  }
  t.match(readPhone('054', 'IL'), { problem: /national one of IL/ });
});

t.test('a number that is possible both ways must be written with +', async (t) => {
  // Twelve digits: Moroccan with +212, or German without a country code.
  t.match(readPhone('212555123456', 'DE'), { problem: /write it with \+$/ });
  t.match(readPhone('972222222222', 'IL'), { problem: /write it with \+$/ });
  t.strictSame(readPhone('+972222222222', 'IL'), { digits: '972222222222' });
});

t.test("a customer's number is rewritten only if it is valid", async (t) => {
  const cases: [string, CountryCode | undefined, string, string | undefined][] = [
    ['+972-54-444-4444', undefined, '972544444444', '972544444444'],
    ['054-444-4444', 'IL', '972544444444', '972544444444'],
    ['054-444-4444', undefined, '0544444444', undefined],
    ['05055555555', 'IL', '05055555555', undefined],
    ['180095845823', undefined, '180095845823', undefined],
    ['1234567890', undefined, '1234567890', undefined],
    ['+972 222-222-222', undefined, '972222222222', '972222222222'],
    ['972222222222', 'IL', '972222222222', undefined],
    ['054-444-4444 ext. 5', 'IL', '05444444445', undefined],
    ['+972 (0)54-444-4444', undefined, '972544444444', '972544444444'],
  ];
  for (const [text, country, digits, international] of cases) {
    const read = readCustomerPhone(text, country);
    t.strictSame([read?.digits, read?.international], [digits, international], `${text} ${country}`);
  }
  t.equal(readCustomerPhone('n/a', 'IL'), undefined);
});

t.test('the short cut never disagrees with libphonenumber', async (t) => {
  let seed = 11;
  const next = (bound: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * bound);
  };
  const digits = (count: number) => Array.from({ length: count }, () => next(10)).join('');
  const countries = getCountries();
  const judged = { possible: 0, impossible: 0, unsure: 0, own: 0 };
  for (let round = 0; round < 6000; round++) {
    const country = countries[round % countries.length] ?? 'IL';
    const number = getCountryCallingCode(country) + digits(3 + next(12));
    const verdict = judgeInternational(number);
    judged[verdict]++;
    const parsed = parsePhoneNumberFromString(`+${number}`, { extract: false });
    const isPossible = parsed?.isPossible() === true;
    if (verdict === 'impossible' && isPossible) t.fail(`${number} is possible`);
    if (verdict === 'possible' && !(isPossible && parsed.number === `+${number}`)) t.fail(`${number} is not plain`);
    if (verdict !== 'possible' || !isOwnInternational(number, country)) continue;
    judged.own++;
    const national = parsePhoneNumberFromString(number, { defaultCountry: country, extract: false });
    if (national?.isPossible() && national.number !== `+${number}`) t.fail(`${number} is national in ${country} too`);
  }
  t.ok(judged.possible > 500 && judged.impossible > 500 && judged.own > 100, JSON.stringify(judged));
});
