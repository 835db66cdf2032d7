// What made the study and what goes on with it: the space, the seed, versions, commands.

section('about', 'About this study', (study, root) => {
  const its = parts(root, (content) => {
    const parts_ = { made: el('div'), space: el('div'), facts: el('div'), confirmed: el('div') };
    content.append(parts_.made, parts_.space, parts_.confirmed, parts_.facts);
    return parts_;
  });
  missing(its, '');
  // Unchanged parts stay, so that a text which is being selected here stays selected.
  fillOnce(its.made, study.head.commands, () => commandsOf(study.head.commands || {}));
  fillOnce(its.space, study.head.space, () => spaceOf(study));
  fillOnce(its.confirmed, [study.head.confirmed, study.head.tested], () => confirmedOf(study));
  fillOnce(its.facts, factsOfMaking(study), () => [el('h3', {}, 'Facts'), pairs(factsOfMaking(study))]);
});

function fillOnce(box, what, make) {
  const key = JSON.stringify([current.key, what]);
  if (box.key === key) return;
  box.key = key;
  refill(box, make());
}

function commandsOf({ made, resume }) {
  return [
    el('h3', {}, 'What made it'),
    made ? codeOf(made, 'Copy what made it') : nothing('The log does not say how the study was started.'),
    resume ? [el('h3', {}, 'What goes on with it'), codeOf(resume, 'Copy what goes on with it')] : null,
  ];
}

function codeOf(text, label) {
  const code = el('pre', { tabindex: 0, class: 'code' }, text);
  const copy = button('Copy', () => copyText(text, code, copy), { class: 'quiet copy', 'aria-label': label });
  return el('div', { class: 'code-box' }, code, copy);
}

// Where the clipboard is not to be had (a file, a frame), the text is selected instead.
async function copyText(text, code, copy) {
  try {
    await navigator.clipboard.writeText(text);
    copy.textContent = 'Copied';
    say('Copied');
  } catch {
    window.getSelection().selectAllChildren(code);
    copy.textContent = 'Selected';
    say('Selected; copy it with the keyboard');
  }
  setTimeout(() => {
    copy.textContent = 'Copy';
  }, 2000);
}

function spaceOf(study) {
  const space = study.head.space || [];
  const rows = space.map((entry) => [entry.name, entry.text, entry.scale, entry.when || '']);
  const conditional = space.some((entry) => entry.when);
  return [
    el('h3', {}, 'Space'),
    space.length
      ? tableOf(
          'Hyperparameters of the space',
          ['Hyperparameter', 'Domain', 'Scale', ...(conditional ? ['Only when'] : [])],
          rows.map((row) => (conditional ? row : row.slice(0, 3))),
        )
      : nothing('The space has no hyperparameter.'),
  ];
}

function confirmedOf(study) {
  const { confirmed, tested } = study.head;
  const heads = ['Trial', 'In the search', 'Mean on fresh draws', 'Standard deviation', 'Draws'];
  return [
    confirmed && confirmed.length
      ? [
          el('h3', {}, 'Confirmed on fresh draws'),
          tableOf(
            'Confirmed configs',
            heads,
            confirmed.map((each) => [
              each.trial,
              number(each.before),
              number(each.mean),
              number(each.std),
              (each.values || []).length,
            ]),
          ),
        ]
      : null,
    tested
      ? [
          el('h3', {}, 'On test data'),
          pairs([
            ['Trial', tested.trial],
            ...Object.entries(tested.metrics || {}).map(([name, value]) => [name, short(number(value))]),
          ]),
        ]
      : null,
  ];
}

function factsOfMaking(study) {
  const { head } = study;
  const because = (each) => each && each.name && (each.reason ? `${each.name}: ${each.reason}` : each.name);
  return [
    ['Objective', head.objective],
    ['Searcher', because(head.searcher)],
    ['Scheduler', because(head.scheduler)],
    ['Rungs', study.levels.join(', ')],
    ['Value of a trial', head.value === 'best' ? 'its best report' : 'its last report'],
    ['Replicates', head.replicates > 1 ? head.replicates : null],
    ['Seed', head.seed],
    ['Backend', head.backend],
    ['Device', head.device],
    ['Storage', head.place],
    ['Begun', moment(head.created)],
    ['Last change', moment(head.last_event)],
    ...(head.plans || []).map((plan) => [
      `Plan: ${plan.kind}`,
      [plan.members && `${plan.members} members`, plan.reason].filter(Boolean).join(', '),
    ]),
    [
      'Versions',
      Object.entries(head.versions || {})
        .map(([name, version]) => `${name} ${plain(version)}`)
        .join(', '),
    ],
    ['Other metrics', (head.other_metrics || []).join(', ')],
  ].filter(([, value]) => value !== null && value !== undefined && value !== '');
}

const pairs = (items) =>
  el(
    'dl',
    { class: 'pairs' },
    items.map(([name, value]) => el('div', {}, el('dt', {}, data(name, 60)), el('dd', {}, data(value, 600)))),
  );
