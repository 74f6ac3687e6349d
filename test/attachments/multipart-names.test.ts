import t from 'tap';
import { build, bytes, DATA, END, part, post, type Receipt, type Refusal } from './helper.ts';

const disposition = (rest: string, encoding: BufferEncoding = 'utf8') =>
  part([Buffer.from(`Content-Disposition: form-data; ${rest}`, encoding), 'Content-Type: application/pdf'], 'x');

const base64 = (text: string) => Buffer.from(text).toString('base64');
const hebrew = 'חשבונית מס׳ 12.pdf';
const longest = `${'ש'.repeat(125)}a.pdf`;

const ARRIVE: readonly (readonly [what: string, rest: string, name: string])[] = [
  ['raw UTF-8, as browsers and curl', `name="file"; filename="${hebrew}"`, hebrew],
  ['quotes of browsers', 'name="file"; filename="a %22b%22;c.pdf"', 'a "b";c.pdf'],
  ['quotes of older curl', 'name="file"; filename="a \\"b\\" \\\\ c.pdf"', 'a "b" \\ c.pdf'],
  ['a percent sign of the name', 'name="file"; filename="100%25 %2e%41.pdf"', '100%25 %2e%41.pdf'],
  ['emoji', 'name="file"; filename="👩‍👩‍👧 קבלה.pdf"', '👩‍👩‍👧 קבלה.pdf'],
  ['255 bytes', `name="file"; filename="${longest}"`, longest],
  ['a path', 'name="file"; filename="../../etc/passwd"', '../../etc/passwd'],
  ['a Windows path', 'name="file"; filename="C:\\x\\y.pdf"', 'C:\\x\\y.pdf'],
  ['dots', 'name="file"; filename=".."', '..'],
  ['no quotes', 'name=file; filename=invoice 1.pdf', 'invoice 1.pdf'],
  ['parameters in another order', `filename="b.pdf"; name="file"`, 'b.pdf'],
  ['capitals and spaces', `NAME = "file" ;FileName = "b.pdf" ; `, 'b.pdf'],
  [
    'a name that only looks like a parameter',
    'name="file"; filename="x; name=data; filename*=utf-8\'\'y"',
    "x; name=data; filename*=utf-8''y",
  ],
  [
    '.NET, name bare',
    `name=file; filename="=?utf-8?B?${base64(hebrew)}?="; filename*=utf-8''${encodeURIComponent(hebrew)}`,
    hebrew,
  ],
  [
    '.NET, name quoted',
    `name="file"; filename="=?utf-8?B?${base64(hebrew)}?="; filename*=utf-8''${encodeURIComponent(hebrew)}`,
    hebrew,
  ],
  ['filename* wins over filename', `name="file"; filename="ascii.pdf"; filename*=UTF-8'he'%D7%90.pdf`, 'א.pdf'],
  ['filename* first', `name="file"; filename*=utf-8''%D7%90.pdf; filename="ascii.pdf"`, 'א.pdf'],
  ['filename* in quotes', `name="file"; filename*="utf-8''%D7%90.pdf"`, 'א.pdf'],
  ['filename* in Latin-1', `name="file"; filename*=iso-8859-1''caf%E9.pdf`, 'café.pdf'],
  ['a broken filename* gives way', `name="file"; filename="a.pdf"; filename*=utf-8''%FF`, 'a.pdf'],
  ['RFC 2047 alone, base64', `name="file"; filename="=?UTF-8?b?${base64(hebrew)}?="`, hebrew],
  ['RFC 2047 alone, quoted-printable', 'name="file"; filename="=?utf-8?Q?=D7=90_b?=.pdf"', 'א b.pdf'],
  ['RFC 2047 in Windows-1255', 'name="file"; filename="=?windows-1255?Q?=E0=E1?="', 'אב'],
  ['RFC 2047 cut within a character', 'name="file"; filename="=?utf-8?B?15A=?= =?utf-8?Q?=D7?= =?utf-8?Q?=91?="', 'אב'],
  ['RFC 2047 beside raw UTF-8', 'name="file"; filename="א =?utf-8?Q?=D7=91?="', 'א ב'],
  [
    'RFC 2047 that is none',
    'name="file"; filename="=?nonsense?Q?x?= =?utf-8?B?/w==?="',
    '=?nonsense?Q?x?= =?utf-8?B?/w==?=',
  ],
];

t.test('a file name arrives as the user knows it', async (t) => {
  const { url } = await build(t);
  for (const [what, rest, name] of ARRIVE) {
    const { body } = await post<Receipt>(url, bytes(DATA, disposition(rest), END));
    t.strictSame(
      body.files?.map((file) => file.name),
      [name],
      what,
    );
  }
});

const REFUSED: readonly (readonly [what: string, rest: string, message: RegExp])[] = [
  ['none', 'name="file"', /needs a file name/],
  ['empty', 'name="file"; filename=""', /needs a file name/],
  ['NUL', 'name="file"; filename="a\0b.pdf"', /control characters/],
  ['an escaped line break', 'name="file"; filename="a%0D%0AX: y"', /control characters/],
  ['a line break in filename*', 'name="file"; filename*=utf-8\'\'a%0Ab', /control characters/],
  ['a line break in RFC 2047', 'name="file"; filename="=?utf-8?Q?a=0Ab?="', /control characters/],
  ['a tab', 'name="file"; filename="a\tb"', /control characters/],
  ['not UTF-8', 'name="file"; filename="caf\xe9.pdf"', /must be UTF-8/],
  ['only a broken filename*', 'name="file"; filename*=utf-8\'\'%FF', /must be UTF-8/],
];

t.test('a file name that cannot be kept is refused, at the file that has it', async (t) => {
  const { url, leftovers } = await build(t);
  for (const [what, rest, message] of REFUSED) {
    const good = disposition('name="file"; filename="good"');
    const { status, body } = await post<Refusal>(url, bytes(DATA, good, disposition(rest, 'latin1'), END));
    t.equal(status, 400, what);
    t.match(body, { code: 'invalid_request', faults: [{ pointer: '/file/1', message }] }, what);
  }
  t.strictSame(await leftovers(), []);
});

t.test('a disposition that can be read in two ways is refused', async (t) => {
  const { url } = await build(t);
  const ambiguous = [
    'name="file"; filename="a"b.pdf"',
    'name="file"; filename="a',
    'name="file"; filename="a"; filename="b"',
    'name="file"; name="data"; filename="a"',
    'name="file"; =x',
  ];
  for (const rest of ambiguous) {
    const { status, body } = await post<Refusal>(url, bytes(DATA, disposition(rest), END));
    t.equal(status, 400, rest);
    t.match(body.faults, [{ pointer: '', message: /well-formed/ }], rest);
  }
});
