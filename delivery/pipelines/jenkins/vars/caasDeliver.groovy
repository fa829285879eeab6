// Delivers with Jenkins. A repository's Jenkinsfile is two lines, `@Library('caas') _` and `caasDeliver()`:
// docs/pipelines.md. Every step is one `caas` command, so that a laptop can run any of them.
def call(Map settings = [:]) {
    String caas = settings.caas ?: '.ci/caas'
    String test = settings.test ?: 'make lint test-fast'
    String approvers = settings.approvers ?: ''
    String reviewTtl = settings.reviewTtl ?: '4h'
    String agentLabel = settings.label ?: 'linux'

    pipeline {
        agent { label agentLabel }
        options {
            timeout(time: 6, unit: 'HOURS')
            // An apply is never cancelled: a newer build of the branch waits for it.
            disableConcurrentBuilds(abortPrevious: false)
        }
        triggers { cron(env.BRANCH_IS_PRIMARY == 'true' ? 'H 4 * * *' : '') }
        parameters {
            choice(name: 'ROLLBACK', choices: ['', 'dev', 'staging', 'prod'],
                   description: 'Go back in this stack to the release before, and do nothing else.')
        }
        stages {
            stage('validate') {
                when { expression { !byTimer() && !params.ROLLBACK } }
                steps {
                    sh "${caas} validate --parity --stack dev --stack staging --stack prod"
                    sh test
                }
            }
            // CHANGE_FORK names a fork's owner: what comes from there is validated, and gets no identity and no token.
            stage('preview') {
                when { expression { env.CHANGE_ID && !env.CHANGE_FORK } }
                steps { script { ['dev', 'staging', 'prod'].each { stack -> previewed(caas, stack) } } }
                post { always { archiveArtifacts artifacts: 'preview-*.md, plan-*.json', allowEmptyArchive: true } }
            }
            stage('review') {
                when { expression { env.CHANGE_ID && !env.CHANGE_FORK } }
                steps {
                    script {
                        // The shell expands the branch, in quotes: it may be called anything.
                        identified('review') { sh "${caas} review up --branch \"\$CHANGE_BRANCH\" --ttl ${reviewTtl}" }
                    }
                }
            }
            // The one build: the image goes to staging and prod by its digest.
            stage('dev') {
                when { expression { delivers() } }
                steps {
                    lock('stack-dev') {
                        script {
                            identified('dev') {
                                terraformed(caas, 'dev')
                                sh "${caas} up --stack dev --markdown preview-dev.md --save-plan plan-dev.json"
                            }
                        }
                    }
                }
                post { always { archiveArtifacts artifacts: 'preview-*.md, plan-*.json', allowEmptyArchive: true } }
            }
            stage('staging') {
                when { expression { delivers() } }
                steps {
                    lock('stack-staging') {
                        script {
                            identified('staging') {
                                terraformed(caas, 'staging')
                                sh "${caas} promote --from dev --to staging"
                            }
                        }
                    }
                }
            }
            // `approved` fails where the approver wrote a commit that is released.
            stage('prod') {
                when { expression { delivers() } }
                input {
                    message 'Release to prod?'
                    submitter approvers
                    submitterParameter 'APPROVER'
                }
                steps {
                    lock('stack-prod') {
                        script {
                            identified('prod') {
                                sh "${caas} approved --from staging --to prod --by \"\$APPROVER\""
                                terraformed(caas, 'prod')
                                sh "${caas} promote --from staging --to prod"
                            }
                        }
                    }
                }
            }
            stage('rollback') {
                when { expression { params.ROLLBACK } }
                steps {
                    lock("stack-${params.ROLLBACK}") {
                        script { identified(params.ROLLBACK) { sh "${caas} rollback --stack \"\$ROLLBACK\"" } }
                    }
                }
            }
            stage('drift') {
                when { expression { byTimer() } }
                steps {
                    script {
                        ['dev', 'staging', 'prod'].each { stack ->
                            lock("stack-${stack}") { identified(stack) { sh "${caas} drift --stack ${stack} --issue" } }
                        }
                        identified('review') { sh "${caas} review reap" }
                    }
                }
            }
        }
    }
}

boolean delivers() {
    env.BRANCH_IS_PRIMARY == 'true' && !byTimer() && !params.ROLLBACK
}

boolean byTimer() {
    !currentBuild.getBuildCauses('hudson.triggers.TimerTrigger$TimerTriggerCause').isEmpty()
}

// The short-lived token of this build for one purpose (a credential of the OIDC provider plug-in, whose subject and
// audience the cloud's trust names), and the forge's token.
void identified(String purpose, Closure body) {
    def credentials = [
        string(credentialsId: "caas-${purpose}", variable: 'CAAS_ID_TOKEN'),
        string(credentialsId: 'caas-forge', variable: 'CAAS_FORGE_TOKEN'),
    ]
    withCredentials(credentials) { body() }
}

void previewed(String caas, String stack) {
    identified('preview') {
        try {
            if (env.CAAS_TERRAFORM) {
                sh "${caas} terraform plan --stack ${stack}"
            }
            sh "${caas} preview --stack ${stack} --missing skip --markdown preview-${stack}.md --save-plan plan-${stack}.json"
        } finally {
            if (fileExists("preview-${stack}.md")) {
                sh "${caas} comment --stack ${stack} --file preview-${stack}.md"
            }
        }
    }
}

// Where CAAS_TERRAFORM names a Terraform root, its plan and apply go before Pulumi's; a failure ends the stage. The plan
// holds values in plain text: it is not archived, and is gone once it was applied.
void terraformed(String caas, String stack) {
    if (env.CAAS_TERRAFORM) {
        sh "${caas} terraform plan --stack ${stack} --save-plan ${stack}.tfplan"
        sh "${caas} terraform apply --stack ${stack} --plan ${stack}.tfplan"
    }
}
