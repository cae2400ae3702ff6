/* The cycle model as a plugin of QEMU's translator:
 *     -plugin cycles.so,core=m4,functions=FILE,out=FILE[,wait=N][,line=BYTES][,multiplier=N][,aligned=1]
 * `functions` has a line "start end" in hexadecimal for each function, ascending; `out` receives, for each region in
 * the order it ran, a line "region NUMBER" and below it lines "node ID PARENT FUNCTION CALLS CYCLES LOW INSTRUCTIONS",
 * where FUNCTION is a line number of `functions` from 0 on. `multiplier` is what MULS takes on Cortex-M0 and M0+: 1
 * or 32. `aligned` counts every access as an aligned one. */
#include "core.h"
#include "insn.h"
#include "model.h"
#include "qemu_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE_MAX_BYTES 0x100000u
#define FUNCTIONS_MAX 8192
#define IT_NEVER UINT32_MAX

/* Tell QEMU which version this is made for; it calls the other one once. */
extern int qemu_plugin_version;
int qemu_plugin_install(qemu_plugin_id id, const void *info, int argc, char **argv);

int qemu_plugin_version = QEMU_PLUGIN_API_VERSION;

static struct core core;
static struct model_options options = {.core = &core, .wait = 0, .line_bytes = 4};
static const char *out_name;

static struct {
    uint32_t start;
    uint32_t end;
} functions[FUNCTIONS_MAX];
static int function_count;

static struct insn *known[CODE_MAX_BYTES / 2]; /* what was translated before, by address */
static uint32_t it_next = IT_NEVER;            /* address and number of instructions that an IT makes conditional */
static unsigned it_left;

static int find_function(uint32_t address)
{
    int low = 0;
    int high = function_count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (functions[middle].end <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < function_count && functions[low].start <= address ? low : -1;
}

static bool takes_it(const struct insn *insn)
{
    if (insn->kind == INSN_IT) {
        it_left = insn->it_length;
        it_next = insn->address + insn->size;
        return false;
    }
    if (it_left == 0 || insn->address != it_next) {
        return false;
    }
    it_left--;
    it_next += insn->size;
    return true;
}

static struct insn *look_up(const struct qemu_plugin_insn *translated)
{
    uint32_t address = (uint32_t)qemu_plugin_insn_vaddr(translated);
    const uint8_t *code = qemu_plugin_insn_data(translated);
    size_t size = qemu_plugin_insn_size(translated);
    if (address >= CODE_MAX_BYTES) {
        fprintf(stderr, "cycles: code at %08x, beyond what the model looks at\n", address);
        _Exit(70);
    }
    uint16_t first = (uint16_t)(code[0] | code[1] << 8);
    /* The last instruction of a page also comes with what QEMU looked at of the next: the size may be too great. */
    uint16_t second = size >= 4 ? (uint16_t)(code[2] | code[3] << 8) : 0;
    struct insn insn = insn_decode(&core, address, first, second);
    insn.conditional = takes_it(&insn);
    insn.function = find_function(address);
    struct insn **entry = &known[address / 2];
    if (*entry == NULL) {
        *entry = malloc(sizeof **entry);
        if (*entry == NULL) {
            abort();
        }
        **entry = insn;
    }
    return *entry;
}

static void on_execute(unsigned cpu, void *data)
{
    (void)cpu;
    model_execute(data);
}

static void on_access(unsigned cpu, uint32_t info, uint64_t address, void *data)
{
    (void)cpu;
    (void)data;
    model_access(address, qemu_plugin_mem_size_shift(info));
}

static void on_translate(qemu_plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *translated = qemu_plugin_tb_get_insn(tb, i);
        struct insn *insn = look_up(translated);
        qemu_plugin_register_vcpu_insn_exec_cb(translated, on_execute, QEMU_PLUGIN_CB_NO_REGS, insn);
        if (insn->accesses && (core.pipelined || options.wait > 0)) {
            qemu_plugin_register_vcpu_mem_cb(translated, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
        }
    }
}

static void on_end(qemu_plugin_id id, void *data)
{
    (void)id;
    (void)data;
    FILE *file = fopen(out_name, "w");
    if (file == NULL) {
        perror(out_name);
        return;
    }
    model_print(file);
    fclose(file);
}

static bool read_functions(const char *name)
{
    FILE *file = fopen(name, "r");
    if (file == NULL) {
        perror(name);
        return false;
    }
    unsigned start;
    unsigned end;
    while (function_count < FUNCTIONS_MAX && fscanf(file, "%x %x", &start, &end) == 2) {
        functions[function_count].start = start;
        functions[function_count].end = end;
        function_count++;
    }
    fclose(file);
    return function_count < FUNCTIONS_MAX;
}

static bool set_core(const char *name)
{
    const struct core *found = core_find(name);
    if (found != NULL) {
        core = *found;
    }
    return found != NULL;
}

static bool set_number(const char *key, const char *value)
{
    unsigned long number = strtoul(value, NULL, 10);
    if (strcmp(key, "wait") == 0 && number <= 100) {
        options.wait = (unsigned)number;
        return true;
    }
    if (strcmp(key, "aligned") == 0 && number <= 1) {
        options.aligned = number == 1;
        return true;
    }
    if (strcmp(key, "line") == 0 && number >= 4 && number <= 64 && (number & (number - 1)) == 0) {
        options.line_bytes = (unsigned)number;
        return true;
    }
    if (strcmp(key, "multiplier") == 0 && (number == 1 || number == 32) && !core.pipelined) {
        core.multiply = (uint8_t)number;
        return true;
    }
    return false;
}

/* `core` comes first: others depend on it. */
static bool set_option(char *argument)
{
    char *value = strchr(argument, '=');
    if (value == NULL) {
        return false;
    }
    *value++ = '\0';
    if (strcmp(argument, "core") == 0) {
        return set_core(value);
    }
    if (strcmp(argument, "functions") == 0) {
        return read_functions(value);
    }
    if (strcmp(argument, "out") == 0) {
        out_name = strdup(value);
        return out_name != NULL;
    }
    return set_number(argument, value);
}

int qemu_plugin_install(qemu_plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!set_option(argv[i])) {
            fprintf(stderr, "cycles: wrong option %s\n", argv[i]);
            return 1;
        }
    }
    if (core.name == NULL || out_name == NULL) {
        fprintf(stderr, "cycles: core=NAME and out=FILE are needed\n");
        return 1;
    }
    model_init(&options);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
