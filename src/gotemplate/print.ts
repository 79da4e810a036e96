import type { Node, Pipe, Sequence, Trees } from './node.ts';
import { quote as goQuote } from './strconv/quote.ts';

/** Prints a node as Go's parse tree does; error messages quote it, and parsing it again gives the same tree. */
export function printNode(node: Node): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'list':
      return printList(node);
    case 'action':
      return `{{${printPipe(node.pipe)}}}`;
    case 'if':
    case 'with':
    case 'range': {
      const otherwise = node.elseList === undefined ? '' : `{{else}}${printNode(node.elseList)}`;
      return `{{${node.kind} ${printPipe(node.pipe)}}}${printNode(node.list)}${otherwise}{{end}}`;
    }
    case 'template':
      return `{{template ${goQuote(node.name)}${node.pipe === undefined ? '' : ` ${printPipe(node.pipe)}`}}}`;
    case 'break':
    case 'continue':
    case 'else':
    case 'end':
      return `{{${node.kind}}}`;
    case 'pipe':
      return printPipe(node);
    case 'command':
      return node.args.map(printArgument).join(' ');
    case 'identifier':
      return node.name;
    case 'variable':
      return [node.name, ...node.fields].join('.');
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'field':
      return `.${node.fields.join('.')}`;
    case 'chain':
      return [printArgument(node.node), ...node.fields].join('.');
    case 'bool':
      return String(node.value);
    case 'number':
      return node.literal.text;
    case 'string':
      return node.quoted;
    default:
      return node satisfies never;
  }
}

function printArgument(node: Node): string {
  return node.kind === 'pipe' ? `(${printPipe(node)})` : printNode(node);
}

function printPipe(pipe: Pipe): string {
  const commands = pipe.commands.map(printNode).join(' | ');
  if (pipe.variables.length === 0) return commands;
  return `${pipe.variables.map(printNode).join(', ')} ${pipe.assign ? '=' : ':='} ${commands}`;
}

/** Keeps text apart from what follows it, where the two together would read as something else. */
function printList(list: Sequence): string {
  let out = '';
  let previous: Node | undefined;
  for (const node of list.nodes) {
    const printed = printNode(node);
    if (previous?.kind === 'text') {
      const brace = out.endsWith('{') ? ' ' : '';
      const trim = brace === '' ? '' : '- ';
      if (node.kind === 'text') out += `${brace}{{${trim}/**/}}${printed}`;
      else out += brace === '' ? printed : ` {{- ${printed.slice(2)}`;
    } else {
      out += printed;
    }
    previous = node;
  }
  return previous?.kind === 'text' && out.endsWith('{') ? `${out} {{- /**/}}` : out;
}

/** Prints all that a text defines: the named templates first, then the main one. */
export function printTrees({ main, defined }: Trees): string {
  let out = '';
  for (const [name, tree] of defined) out += `{{define ${goQuote(name)}}}${printNode(tree)}{{end}}`;
  return out + printNode(main);
}
