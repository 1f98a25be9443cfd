/* SPDX-License-Identifier: GPL-2.0-only */
#include <sstream>

#include "replay/export_writer.h"

namespace daxrace::replay {

using scenario::Operation;
using scenario::OpKind;

std::string ExportWriter::round() const {
  std::ostringstream out;
  out << "\n/* What was wrong; 0: nothing. */\nstatic int one_round(void)\n{\n\tint wrong = 0;\n\n"
         "\ts->clock = s->arrived = s->go = s->notes_used = 0;\n\ts->late = 0;\n"
         "\tmemset(s->dead, 0, sizeof(s->dead));\n\tmemset(s->pid, 0, sizeof(s->pid));\n"
         "\tmemset(s->record, 0, sizeof(s->record));\n";
  if (has("direct")) out << "\tfill_direct();\n";
  if (has("pipe"))
    out << "\tif (pipe2(pipes, O_NONBLOCK) != 0) {\n\t\tperror(\"pipe\");\n\t\texit(2);\n\t}\n";
  for (const Operation& op : program_.setup) {
    if (op.kind == OpKind::k_mkdir) out << "\tmake_directory(" << code_.file(op.arg[0]) << ");\n";
    if (op.kind != OpKind::k_creat) continue;
    out << "\tif (create(" << code_.file(op.arg[0]) << ", " << code_.bytes(op.arg[1])
        << ")) {\n\t\tperror(s->directory);\n\t\texit(2);\n\t}\n";
  }
  for (size_t p = 0; p < program_.processes.size(); ++p) {
    const int process = static_cast<int>(p);
    if (begins_itself(process))
      out << "\trun_process(" << code_.process(process) << ", " << code_.process_body(process) << ");\n";
  }
  std::string own = setup_of(-1);
  if (!own.empty()) {
    for (size_t f = 0; f < program_.files.size(); ++f)
      out << "\topen_file(" << code_.file(static_cast<int>(f)) << ");\n";
    out << own;
    for (size_t f = 0; f < program_.files.size(); ++f) {
      std::string fd = "fds[" + code_.file(static_cast<int>(f)) + "]";
      out << "\tclose(" << fd << ");\n\t" << fd << " = -1;\n";
    }
  }
  out << "\tarrive();\n\tif (wait_for_processes()) {\n"
         "\t\tprintf(\"round %u: operations do not return\\n\", s->round);\n\t\tprint_operations();\n"
         "\t\tfflush(stdout);\n\t\tkill_all();\n";
  if (has("pipe")) out << "\t\tdrain_pipe();\n";
  out << "\t\twait_for_processes();\n\t\treturn 1;\n\t}\n";
  if (has("swapoff")) out << "\tif (swap_device)\n\t\tswapon(swap_device, 0);\n";
  if (has("pipe")) out << "\tclose(pipes[0]);\n\tclose(pipes[1]);\n";
  if (has("power")) out << "\tif (history)\n\t\twait_for_power_failure();\n";
  for (size_t f = 0; f < program_.files.size(); ++f) {
    const int file = static_cast<int>(f);
    if (code_.is_directory(file)) continue;
    out << "\tlook_file(" << code_.look(file) << ", " << code_.file(file) << ");\n";
  }
  out << "\twrong += check_values();\n";
  if (has("faults")) out << "\twrong += check_faults();\n";
  if (has("kernel_log")) out << "\twrong += check_kernel_log();\n";
  out << "\tif (wrong || verbose)\n\t\tprint_operations();\n\treturn wrong;\n}\n";
  return out.str();
}

namespace {

struct Option {
  char letter;
  const char* argument; /* nullptr: none */
  const char* part;     /* of the program, without which there is no such option */
  const char* help;
  const char* statement;
};

constexpr Option kOptions[] = {
    {'n', "ROUNDS", "shared", "how often (1000)", "rounds = strtoul(optarg, NULL, 0);"},
    {'t', "SECONDS", "shared", "after which operations count as hung (10)", "patience = atoi(optarg);"},
    {'f', nullptr, "shared", "go on even if something is missing; a clean result means nothing then",
     "force = 1;"},
    {'v', nullptr, "shared", "print what every operation of every round returned", "verbose = 1;"},
    {'o', "DIR", "direct", "on a disk: for the file that is used with O_DIRECT (/var/tmp)",
     "elsewhere = optarg;"},
    {'S', "DEVICE", "swapoff", "swap device to take off", "swap_device = optarg;"},
    {'m', "COMMAND", "command", "unmounts and mounts again", "remount = optarg;"},
    {'u', "COMMAND", "command", "unbinds the driver of the device", "unbind = optarg;"},
    {'c', "FILE", "power", "one round, then wait for a power failure; FILE must survive it",
     "history = optarg;"},
    {'C', "FILE", "power", "after it: check what is there", "to_check = optarg;"},
};

}  // namespace

std::string ExportWriter::usage() const {
  std::ostringstream out;
  out << "\nstatic int usage(const char *name)\n{\n\tfprintf(stderr, \"usage: %s [options]"
      << (files() ? " DIRECTORY" : "") << "\\n\"\n";
  if (files()) out << "\t\t\"  DIRECTORY  on the file system, mounted with -o dax\\n\"\n";
  for (const Option& option : kOptions) {
    if (!has(option.part)) continue;
    std::string left =
        std::string("-") + option.letter + (option.argument ? std::string(" ") + option.argument : "");
    left.resize(11, ' ');
    out << "\t\t\"  " << left << option.help << "\\n\"\n";
  }
  out << "\t\t\"exit: 0 not seen, 1 shown, 77 this machine lacks what it needs, 2 wrong usage\\n\", name);\n"
         "\treturn 2;\n}\n";
  return out.str();
}

std::string ExportWriter::main() const {
  std::ostringstream out;
  std::string letters;
  for (const Option& option : kOptions) {
    if (has(option.part)) letters += std::string(1, option.letter) + (option.argument ? ":" : "");
  }
  out << R"c(
int main(int argc, char **argv)
{
	unsigned long rounds = 1000, late = 0;
	struct sigaction action = { .sa_flags = 0 };
	int option, wrong = 0, i;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	for (i = 0; i <= FILES; i++)
		fds[i] = -1;
	while ((option = getopt(argc, argv, ")c"
      << letters << R"c(")) != -1) {
		switch (option) {
)c";
  for (const Option& option : kOptions) {
    if (has(option.part))
      out << "\t\tcase '" << option.letter << "':\n\t\t\t" << option.statement << "\n\t\t\tbreak;\n";
  }
  out << "\t\tdefault:\n\t\t\treturn usage(argv[0]);\n\t\t}\n\t}\n";
  if (has("power")) out << "\tif (to_check)\n\t\treturn after_power_failure();\n";
  out << "\tif (optind + " << (files() ? 1 : 0) << " != argc || sysconf(_SC_PAGESIZE) != (long)PAGE)\n"
      << "\t\treturn usage(argv[0]);\n\n";
  out << "\taction.sa_handler = on_alarm;\n\tsigaction(SIGALRM, &action, NULL);\n";
  if (has("killall")) out << "\taction.sa_handler = on_signal;\n\tsigaction(SIGUSR1, &action, NULL);\n";
  if (has("touch"))
    out << "\taction.sa_handler = on_fault;\n\taction.sa_flags = SA_NODEFER;\n"
           "\tsigaction(SIGBUS, &action, NULL);\n\tsigaction(SIGSEGV, &action, NULL);\n";
  out << "\tprctl(PR_SET_CHILD_SUBREAPER, 1);\n\tsetvbuf(stdout, NULL, _IOLBF, 0);\n";
  if (files()) {
    out << "\tsnprintf(s->directory, sizeof(s->directory), \"%s/daxrace-XXXXXX\", argv[optind]);\n"
           "\tif (!mkdtemp(s->directory)) {\n\t\tperror(s->directory);\n\t\treturn 2;\n\t}\n";
  }
  if (first_file() >= 0) {
    std::string file = code_.file(first_file());
    out << "\tif (create(" << file << ", PAGE)) {\n\t\tperror(s->directory);\n\t\treturn 2;\n\t}\n\tneed_dax("
        << file << ");\n";
  }
  if (has("swap")) out << "\tneed_swap();\n";
  if (has("direct")) out << "\topen_direct();\n";
  if (has("kernel_log")) out << "\topen_kernel_log();\n";
  if (has("power")) out << "\tif (history)\n\t\trounds = 1;\n";
  out << "\n\tfor (s->round = 1; s->round <= rounds && !wrong && !s->lacking[0]; s->round++) {\n"
         "\t\twrong = one_round();\n\t\tlate += s->late > 0;\n\t}\n\n";
  for (size_t f = 0; f < program_.files.size(); ++f)
    out << "\tremove(path_of(" << code_.file(static_cast<int>(f)) << "));\n";
  if (files()) out << "\trmdir(s->directory);\n";
  if (has("direct")) out << "\tunlink(direct_path);\n";
  out << "\tif (wrong) {\n\t\tprintf(\"SHOWN in round %u\\n\", s->round - 1);\n\t\treturn 1;\n\t}\n"
         "\tif (s->lacking[0]) {\n\t\tprintf(\"SKIPPED, this machine lacks: %s\\n\", s->lacking);\n"
         "\t\treturn 77;\n\t}\n"
         "\tprintf(\"not seen in %lu rounds\\n\", rounds);\n"
         "\tif (late)\n\t\tprintf(\"in %lu of them the order could not be forced\\n\", late);\n";
  if (has("power")) out << "\tprintf(\"what a power failure leaves was not looked at: -c FILE\\n\");\n";
  out << "\treturn 0;\n}\n";
  return out.str();
}

}  // namespace daxrace::replay
