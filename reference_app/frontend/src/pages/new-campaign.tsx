import { useLocation } from "wouter";
import { post } from "../api/client";
import { CampaignForm } from "../ui/campaign-form";
import { Page } from "../ui/page";
import { Card } from "../ui/parts";

export default function NewCampaign() {
  const [, go] = useLocation();
  return (
    <Page title="New campaign" narrow lead="At first a draft, which only you see.">
      <Card>
        <CampaignForm
          label="Save the draft"
          onSend={async (draft) => {
            const { id } = await post("/api/v1/campaigns", { body: draft });
            go(`/desk/campaigns/${id}`);
          }}
        />
      </Card>
    </Page>
  );
}
