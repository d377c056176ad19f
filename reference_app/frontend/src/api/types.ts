// What the API answers, by the names of its document.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type AdShown = Schemas["AdShown"];
export type Application = Schemas["OwnApplication"];
export type ApplicationStatus = Schemas["Decision"]["status"];
export type Campaign = Schemas["OwnCampaign"];
export type CampaignDraft = Schemas["CampaignDraft"];
export type CompanyDetail = Schemas["CompanyDetail"];
export type Conversation = Schemas["ConversationShown"];
export type FeedPost = Schemas["FeedPost"];
export type Invitation = Schemas["InvitationShown"];
export type Job = Schemas["JobDetail"];
export type JobDraft = Schemas["JobDraft"];
export type JobSummary = Schemas["JobSummary"];
export type Member = Schemas["MemberShown"];
export type MemberRole = Schemas["RoleChange"]["role"];
export type Membership = Schemas["Membership"];
export type Message = Schemas["MessageShown"];
export type Notification = Schemas["NotificationShown"];
export type OwnJob = Schemas["OwnJob"];
export type Person = Schemas["PrivateUser"];
export type Profile = Schemas["Profile"];
export type Rating = Schemas["Rating"];
export type ReceivedApplication = Schemas["ReceivedApplication"];
export type Review = Schemas["ReviewShown"];
export type ReviewDraft = Schemas["ReviewDraft"];
export type SavedSearch = Schemas["SavedSearchShown"];
export type SearchDraft = Schemas["SearchDraft"];
export type Shelf = Schemas["Shelf"];
export type SignedIn = Schemas["SignedIn"];
export type Subscription = Schemas["OwnSubscription"];
export type Tier = Schemas["Tier"];
export type TierDetail = Schemas["TierDetail"];
export type Upload = Schemas["UploadShown"];
export type UploadKind = Upload["kind"];
export type Worker = Schemas["Worker"];
